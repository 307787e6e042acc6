import Foundation
import XCTest

/// Docs/cookbook/tls.md, with a certificate made on the spot.
final class TLSTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testX14_signInByCookieOverTLSAndNothingWithoutIt() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let page = "Docs/cookbook/tls.md"
    let openssl = try ChildProcess(
      "/bin/sh", ["-c", Repository.lines(of: page, in: "sh")], log: "\(site.run)/openssl.log")
    XCTAssertEqual(try openssl.waitForEnd(), 0, openssl.log)

    let (port, plainPort) = (try freePort(), try freePort())
    let certificate = "/etc/letsencrypt/live/example.com"
    let listen = try Repository.lines(of: page, in: "nginx").replacing([
      "listen 443": "listen 127.0.0.1:\(port)",
      "\(certificate)/fullchain": "\(site.run)/certificate",
      "\(certificate)/privkey": "\(site.run)/key",
    ])
    let redirect = try Repository.lines(of: page, in: "nginx", number: 1).replacing([
      "listen 80": "listen 127.0.0.1:\(plainPort)", "example.com": "localhost:\(port)",
      "/var/www/acme": "\(site.run)/acme",
    ])
    let whole = try site.nginxConfiguration(port: port)
    let configuration = try whole.replacing([
      "listen 127.0.0.1:\(port) backlog=4096;": listen,
      "    upstream postern {": "\(redirect)\n    upstream postern {",
    ])
    let nginx = try site.runNginx(configuration)
    defer { nginx.stop() }

    let origin = "https://localhost:\(port)"
    let jar = "\(site.run)/jar"
    defer { try? FileManager.default.removeItem(atPath: jar) }
    func ask(_ url: String, _ options: [String] = []) throws -> Curl {
      try Curl(
        url, ["-4", "--cacert", "\(site.run)/certificate.pem", "-b", jar, "-c", jar] + options,
        folder: site.run)
    }
    XCTAssertTrue(
      eventually(within: 20) { (try? ask("\(origin)/current-user").status) == 401 },
      nginx.log + site.logs)

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
}
