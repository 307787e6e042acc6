import Foundation
import XCTest

/// Docs/cookbook/tls.md, with a certificate made on the spot.
final class TLSTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let page = "Docs/cookbook/tls.md"

  /// Where the page's lines have put nginx.
  private struct Front {
    let site: Installation
    let port: UInt16
    let plainPort: UInt16
    var origin: String { "https://localhost:\(port)" }
    var jar: String { "\(site.run)/jar" }

    /// Asks with the cookies of the jar, and puts there what comes.
    func ask(_ url: String, _ options: [String] = []) throws -> Curl {
      try Curl(
        url, ["-4", "--cacert", "\(site.run)/certificate.pem", "-b", jar, "-c", jar] + options,
        folder: site.run)
    }
  }

  /// nginx and postern by the lines of the page, with a certificate of their own.
  private func start(_ setup: Installation.Setup = .init()) throws -> Front {
    let site = try makeInstallation(setup)
    try site.startPostern()
    let openssl = try ChildProcess(
      "/bin/sh", ["-c", Repository.lines(of: Self.page, in: "sh")],
      log: "\(site.run)/openssl.log")
    XCTAssertEqual(try openssl.waitForEnd(), 0, openssl.log)
    let front = Front(site: site, port: try freePort(), plainPort: try freePort())
    let certificate = "/etc/letsencrypt/live/example.com"
    let listen = try Repository.lines(of: Self.page, in: "nginx").replacing([
      "listen 443": "listen 127.0.0.1:\(front.port)",
      "\(certificate)/fullchain": "\(site.run)/certificate",
      "\(certificate)/privkey": "\(site.run)/key",
    ])
    let redirect = try Repository.lines(of: Self.page, in: "nginx", number: 1).replacing([
      "listen 80": "listen 127.0.0.1:\(front.plainPort)",
      "example.com": "localhost:\(front.port)", "/var/www/acme": "\(site.run)/acme",
    ])
    let configuration = try site.nginxConfiguration(port: front.port).replacing([
      "listen 127.0.0.1:\(front.port) backlog=4096;": listen,
      "    upstream postern {": "\(redirect)\n    upstream postern {",
    ])
    let nginx = try site.runNginx(configuration)
    addTeardownBlock { nginx.stop() }
    XCTAssertTrue(
      eventually(within: 20) {
        (try? front.ask("\(front.origin)/current-user").status) == 401
      }, nginx.log + site.logs)
    return front
  }

  func testX14_signInByCookieOverTLSAndNothingWithoutIt() throws {
    let front = try start()
    let (site, origin) = (front.site, front.origin)
    let (port, plainPort) = (front.port, front.plainPort)
    defer { try? FileManager.default.removeItem(atPath: front.jar) }
    func ask(_ url: String, _ options: [String] = []) throws -> Curl {
      try front.ask(url, options)
    }

    let signedIn = try ask("\(origin)/login", Curl.cookieSignIn(origin: origin))
    XCTAssertEqual(signedIn.status, 200, signedIn.body)
    XCTAssertEqual(signedIn.version, "2")
    XCTAssertEqual(signedIn.headers["strict-transport-security"], "max-age=31536000")
    XCTAssertNil(signedIn.json["refreshToken"])
    let refresh = ["-H", "Origin: \(origin)"] + Curl.json("{}")
    for _ in 1...2 { XCTAssertEqual(try ask("\(origin)/refresh-token", refresh).status, 200) }
    XCTAssertEqual(
      try ask("\(origin)/refresh-token", ["--http1.1"] + refresh).status, 200, "HTTP/1.1")

    // The jar gives a Secure cookie to no plain address.
    XCTAssertEqual(try ask("http://127.0.0.1:\(port)/").status, 400)
    let challenges = "\(site.run)/acme/.well-known/acme-challenge"
    try FileManager.default.createDirectory(atPath: challenges, withIntermediateDirectories: true)
    try "the answer".write(toFile: "\(challenges)/x", atomically: true, encoding: .utf8)
    XCTAssertEqual(
      try ask("http://localhost:\(plainPort)/.well-known/acme-challenge/x").body, "the answer")
    let led = try ask("http://localhost:\(plainPort)/profile?a=b")
    XCTAssertEqual(led.status, 301)
    XCTAssertEqual(led.headers["location"], "\(origin)/profile?a=b")
  }

  func testX14_cookiesAreSecureAndEveryAnswerAsksForTLS() throws {
    let front = try start()
    defer { try? FileManager.default.removeItem(atPath: front.jar) }
    let origin = front.origin
    let answers = [
      try front.ask("\(origin)/login", Curl.cookieSignIn(origin: origin)),
      try front.ask("\(origin)/login", Curl.json("{}")), try front.ask("\(origin)/"),
      try front.ask("\(origin)/nothing"), try front.ask("\(origin)/style.css"),
      try front.ask("\(origin)/login", Curl.json(String(repeating: "x", count: 20_000))),
    ]
    XCTAssertEqual(answers.map(\.status), [200, 400, 200, 404, 200, 413])
    for answer in answers {
      XCTAssertEqual(answer.version, "2")
      XCTAssertEqual(answer.headers["strict-transport-security"], "max-age=31536000")
    }
    // The jar's lines say of each cookie: domain, subdomains, path, secure (curl's own format).
    let cookies = try String(contentsOfFile: front.jar, encoding: .utf8).split(separator: "\n")
      .filter { $0.contains("__Host-") }
    XCTAssertEqual(cookies.count, 2, "the refresh token and the browser's name")
    for cookie in cookies {
      let fields = cookie.split(separator: "\t")
      XCTAssertEqual(fields.dropFirst().prefix(3), ["FALSE", "/", "TRUE"])
      XCTAssertTrue(fields[0].hasPrefix("#HttpOnly_"), "read by scripts")
    }
    // What is sent without TLS is neither read nor answered with a cookie.
    for path in ["/login", "/refresh-token", "/logout"] {
      let plain = try front.ask(
        "http://localhost:\(front.plainPort)\(path)", Curl.cookieSignIn(origin: origin))
      XCTAssertEqual(plain.status, 301, path)
      XCTAssertNil(plain.headers["set-cookie"], path)
    }
  }

  func testX14_theGuardAdmitsOverHTTP2AsOverHTTP11() throws {
    let helper = try makeInstallation(.init(hasDemo: false))
    let application = try GuardedApplication(helper)
    defer { application.stop() }
    let front = try start(.init(guardedApplication: "127.0.0.1:\(application.port)"))
    defer { try? FileManager.default.removeItem(atPath: front.jar) }
    let origin = front.origin
    let signedIn = try front.ask("\(origin)/login", Curl.cookieSignIn(origin: origin))
    XCTAssertEqual(signedIn.status, 200, signedIn.body)
    let bearer = signedIn.json["accessToken"] as? String ?? ""
    let forged = ["-H", "X-Auth-Username: bob", "-H", "X-Auth-User-Id: b"]
    for version in ["2", "1.1"] {
      func ask(_ options: [String]) throws -> Curl {
        let answer = try Curl(
          "\(origin)/app/x?y=z",
          ["-4", "--http\(version)", "--cacert", "\(front.site.run)/certificate.pem"] + options,
          folder: front.site.run)
        XCTAssertEqual(answer.version, version)
        return answer
      }
      let byCookie = try ask(["-b", front.jar, "-H", "Sec-Fetch-Site: same-origin"] + forged)
      XCTAssertEqual(byCookie.status, 200, byCookie.body)
      XCTAssertEqual(byCookie.body, "alice|||/app/x?y=z", version)
      let byToken = try ask(["-H", "Authorization: Bearer \(bearer)"] + forged)
      XCTAssertEqual(byToken.body, "alice|||/app/x?y=z", version)
      let posted = try ask(["-b", front.jar, "-H", "Origin: \(origin)", "-d", "a=b"] + forged)
      XCTAssertEqual(posted.body, "alice|||/app/x?y=z", version)

      XCTAssertEqual(try ask(forged).status, 401, version)
      XCTAssertEqual(try ask(["-H", "Authorization: Bearer x"] + forged).status, 401, version)
      let foreign = ["-b", front.jar, "-H", "Origin: https://evil.example", "-d", "a=b"]
      XCTAssertEqual(try ask(foreign).status, 401, version)
      let navigation = ["-H", "Sec-Fetch-Mode: navigate", "-H", "Sec-Fetch-Dest: document"]
      let led = try ask(navigation)
      XCTAssertEqual(led.status, 302, version)
      XCTAssertEqual(led.headers["location"], "/sign-in?to=/app/x?y=z", version)
    }
  }

  /// testssl.sh of Debian gives no grade; these are the findings that cost one. It takes minutes.
  func testX14_testsslFindsNothingButACertificateThatNobodySigned() throws {
    try XCTSkipUnless(Repository.isLongRun, "POSTERN_TEST_LONG is not set")
    let front = try start()
    let file = "\(front.site.run)/testssl.json"
    let tool = try ChildProcess(
      "/usr/bin/env",
      [
        "testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip",
        "127.0.0.1", "--fast", "-p", "-s", "-f", "-S", "-U", "-h", "--jsonfile", file,
        "localhost:\(front.port)",
      ], log: "\(front.site.run)/testssl.log")
    _ = try tool.waitForEnd(seconds: 600)
    struct Finding: Decodable {
      let id: String
      let severity: String
      let finding: String
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    let findings = try JSONDecoder().decode([Finding].self, from: data)
    XCTAssertGreaterThan(findings.count, 40, tool.log)
    func finding(_ id: String) -> String { findings.first { $0.id == id }?.finding ?? "nothing" }
    for id in ["SSLv2", "SSLv3", "TLS1", "TLS1_1"] {
      XCTAssertTrue(finding(id).hasPrefix("not offered"), "\(id): \(finding(id))")
    }
    for id in ["TLS1_2", "TLS1_3"] {
      XCTAssertTrue(finding(id).hasPrefix("offered"), "\(id): \(finding(id))")
    }
    let costly = findings.filter { finding in
      ["LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"].contains(finding.severity)
        // What a certificate of an authority has.
        && !["cert_", "OCSP", "DNS_CAA"].contains(where: finding.id.hasPrefix)
    }
    let words = costly.map { "\($0.severity) \($0.id): \($0.finding)" }
    print(
      "testssl: \(words.isEmpty ? "A+, but for the certificate" : words.joined(separator: "\n"))")
    XCTAssertEqual(words, [])
  }

  func testX14_onlyTLS12And13WithForwardSecrecyAreSpoken() throws {
    let front = try start()
    func handshake(_ options: [String]) throws -> String {
      try runProgram(
        [
          "openssl", "s_client", "-brief", "-connect", "127.0.0.1:\(front.port)", "-servername",
          "localhost",
        ] + options, input: "", in: front.site.run
      ).output
    }
    for (options, version) in [(["-tls1_2"], "TLSv1.2"), (["-tls1_3"], "TLSv1.3")] {
      XCTAssertTrue(try handshake(options).contains("Protocol version: \(version)"), version)
    }
    for options in [
      ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "ECDHE+AES+SHA256:ECDHE+AES+SHA384:ECDHE+AES+SHA1:@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "kRSA:DHE:aNULL:eNULL:@SECLEVEL=0"],
    ] {
      let output = try handshake(options)
      XCTAssertFalse(output.contains("Protocol version"), "\(options): \(output)")
    }
  }
}
