import Foundation
import XCTest

/// Docs/cookbook/behind-a-proxy.md: two nginx in a row.
final class ProxyTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let page = "Docs/cookbook/behind-a-proxy.md"
  private var outer: ChildProcess?

  override func tearDown() {
    outer?.stop()
    super.tearDown()
  }

  func testX7_byHaproxyToo() throws {
    for isByProtocol in [false, true] {
      let site = try makeInstallation()
      try site.addUser("dana")
      try site.startPostern()
      let (port, innerPort) = (try freePort(), try freePort())
      let inner = try Repository.lines(of: Self.page, in: "nginx", number: 1).replacing([
        "192.0.2.10": "127.0.0.1",
        "X-Forwarded-For": isByProtocol ? "proxy_protocol" : "X-Forwarded-For",
      ])
      let listen = isByProtocol ? "proxy_protocol backlog=4096;" : "backlog=4096;"
      let nginx = try site.runNginx(
        site.nginxConfiguration(port: innerPort).replacing(["backlog=4096;": "\(listen)\n\(inner)"])
      )
      defer { nginx.stop() }
      let lines = try Repository.lines(of: Self.page, in: "haproxy").replacing([
        ":443 ssl crt /etc/haproxy/example.com.pem": "127.0.0.1:\(port)",
        "    option forwardfor": isByProtocol ? "" : "    option forwardfor",
        "192.0.2.20:80": "127.0.0.1:\(innerPort)" + (isByProtocol ? " send-proxy-v2" : ""),
      ])
      let file = "\(site.run)/haproxy.cfg"
      let defaults = """
        defaults
            mode http
            timeout connect 5s
            timeout client 60s
            timeout server 60s

        """
      try (defaults + lines).write(toFile: file, atomically: true, encoding: .utf8)
      let proxy = try ChildProcess(
        "/usr/sbin/haproxy", ["-db", "-f", file], log: "\(site.run)/haproxy.log")
      defer { proxy.stop() }
      XCTAssertTrue(
        eventually(within: 20) {
          (try? Curl("http://127.0.0.1:\(port)/current-user", folder: site.run).status) == 401
        }, proxy.log + site.logs)
      let claimed = ["--interface", "127.0.0.5", "-H", "X-Forwarded-For: 203.0.113.9"]
      XCTAssertEqual(try address(site, port, claimed), "127.0.0.5", "protocol: \(isByProtocol)")
    }
  }

  /// - Parameters:
  ///   - lines: what the proxy does to requests.
  ///   - inner: what is added to the server of nginx.conf.
  /// - Returns: the proxy's port.
  private func start(_ site: Installation, _ lines: String, inner: String = "") throws -> UInt16 {
    try site.addUser("dana")
    try site.startPostern()
    let (port, innerPort) = (try freePort(), try freePort())
    let configuration = try site.nginxConfiguration(port: innerPort)
      .replacing(["backlog=4096;": "backlog=4096;\n\(inner)"])
    let nginx = try site.runNginx(configuration)
    addTeardownBlock { nginx.stop() }
    outer = try site.runNginx(
      """
      user \(NSUserName());
      pid \(site.run)/outer.pid;
      error_log \(site.run)/outer-error.log;
      events { }
      http {
          access_log off;
          client_body_temp_path \(site.run)/outer-body;
          fastcgi_temp_path \(site.run)/outer-fastcgi;
          proxy_temp_path \(site.run)/outer-proxy;
          scgi_temp_path \(site.run)/outer-scgi;
          uwsgi_temp_path \(site.run)/outer-uwsgi;
          server {
              listen 127.0.0.1:\(port);
              location / {
                  \(lines)
                  proxy_pass http://127.0.0.1:\(innerPort);
              }
          }
      }
      """, named: "outer")
    XCTAssertTrue(
      eventually(within: 20) {
        (try? Curl("http://127.0.0.1:\(port)/current-user", folder: site.run).status) == 401
      }, site.logs)
    return port
  }

  /// As somebody whose password is not the demo's, which is good on this machine alone.
  private func signIn(_ site: Installation, _ port: UInt16, _ options: [String] = []) throws -> Curl
  {
    let origin = "http://localhost:\(port)"
    return try Curl(
      "\(origin)/login",
      ["-4"] + options + Curl.cookieSignIn(origin: origin, "dana", HTTPCall.goodPassword),
      folder: site.run)
  }

  private func address(_ site: Installation, _ port: UInt16, _ options: [String] = []) throws
    -> String?
  {
    let token = try signIn(site, port, options).json["accessToken"] as? String ?? ""
    let sessions = try Curl(
      "http://localhost:\(port)/sessions", ["-4", "-H", "Authorization: Bearer \(token)"],
      folder: site.run)
    let list = try JSONSerialization.jsonObject(with: Data(sessions.body.utf8))
    return (list as? [[String: Any]])?.first { $0["current"] as? Bool == true }?["address"]
      as? String
  }

  func testL2_aProxyThatChangesHostIsToldInTheLogOnceAMinute() throws {
    for host in ["$host", "$proxy_host"] {
      let site = try makeInstallation(.init(settings: ["POSTERN_WORKERS": "1"]))
      let port = try start(site, "proxy_set_header Host \(host);")
      for _ in 1...3 { XCTAssertEqual(try signIn(site, port).status, 403, host) }
      let lines = try XCTUnwrap(site.postern?.log).split(separator: "\n")
        .filter { $0.contains("a page was refused the cookie") }
      XCTAssertEqual(lines.count, 1, "\(lines)")
      XCTAssertTrue(lines.first?.contains("origin=http://localhost:\(port)") == true, "\(lines)")
      let page = try String(
        contentsOfFile: "\(Repository.folder)/\(Self.page)", encoding: .utf8)
      let words =
        "a page was refused the cookie: its Origin is not http:// or https:// with this Host; does a proxy change Host?"
      XCTAssertTrue(page.contains(words) && lines.first?.contains(words) == true, "\(lines)")
      outer?.stop()
      site.stop()
    }
  }

  func testX7_byTheLinesOfThePageTheCookieWorksAndTheAddressIsTheClients() throws {
    let site = try makeInstallation()
    let inner = try Repository.lines(of: Self.page, in: "nginx", number: 1)
      .replacing(["192.0.2.10": "127.0.0.1"])
    let port = try start(site, Repository.lines(of: Self.page, in: "nginx"), inner: inner)
    XCTAssertEqual(try signIn(site, port).status, 200, site.logs)
    let from = ["--interface", "127.0.0.5"]
    XCTAssertEqual(try address(site, port, from), "127.0.0.5")
    let claimed = from + ["-H", "X-Forwarded-For: 203.0.113.9"]
    XCTAssertEqual(try address(site, port, claimed), "127.0.0.5")
    XCTAssertFalse(try XCTUnwrap(site.postern?.log).contains("refused the cookie"))
  }

  func testX7_aListOfProxiesThatIsTooWideLetsClientsChooseTheirAddress() throws {
    let site = try makeInstallation()
    let inner = try Repository.lines(of: Self.page, in: "nginx", number: 1)
      .replacing(["192.0.2.10": "127.0.0.0/8"])
    let port = try start(site, Repository.lines(of: Self.page, in: "nginx"), inner: inner)
    let claimed = ["--interface", "127.0.0.5", "-H", "X-Forwarded-For: 203.0.113.9"]
    XCTAssertEqual(try address(site, port, claimed), "203.0.113.9")
  }

  func testX7_withoutRealIPTheProxyIsTheOneClient() throws {
    let site = try makeInstallation()
    let port = try start(site, Repository.lines(of: Self.page, in: "nginx"))
    XCTAssertEqual(try address(site, port, ["--interface", "127.0.0.5"]), "127.0.0.1")
  }
}
