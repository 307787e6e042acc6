import Foundation
import XCTest

/// Docs/cookbook/existing-server.md: Postern's parts in the server of another application.
final class ExistingServerTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private var nginx: ChildProcess?
  private var installation: Installation?
  private var port: UInt16 = 0

  override func setUpWithError() throws {
    try super.setUpWithError()
    let site = try makeInstallation()
    installation = site
    try site.startPostern()
    port = try freePort()
    try copyParts(to: site)
    nginx = try site.runNginx(shop(of: site), named: "shop")
    XCTAssertTrue(eventually(within: 20) { (try? ask("/").status) == 200 }, logs)
  }

  override func tearDown() {
    nginx?.stop()
    super.tearDown()
  }

  private var logs: String { (nginx?.log ?? "") + (installation?.logs ?? "") }

  /// With the lines marked "site" set.
  private func copyParts(to site: Installation) throws {
    let parts = "\(site.run)/postern"
    try FileManager.default.copyItem(
      atPath: "\(Repository.folder)/Deploy/nginx/postern", toPath: parts)
    for name in try FileManager.default.contentsOfDirectory(atPath: parts) {
      let text = try String(contentsOfFile: "\(parts)/\(name)", encoding: .utf8)
        .replacingOccurrences(of: "/usr/share/postern/Public", with: "\(Repository.folder)/Public")
        .replacingOccurrences(of: "/var/log/nginx/", with: "\(site.run)/")
        .replacingOccurrences(of: "/run/postern/postern.sock", with: site.socketPath)
      try text.write(toFile: "\(parts)/\(name)", atomically: true, encoding: .utf8)
    }
  }

  /// The lines of the page, in the configuration of a shop with headers, logs and error pages of
  /// its own.
  private func shop(of site: Installation) throws -> String {
    let application = "http://unix:\(site.run)/application.sock"
    let lines = try Repository.lines(of: "Docs/cookbook/existing-server.md", in: "nginx")
      .replacing([
        "http {\n": """
        http {
            include /etc/nginx/mime.types;
            access_log \(site.run)/shop-access.log;
            client_body_temp_path \(site.run)/body;
            fastcgi_temp_path \(site.run)/fastcgi;
            proxy_temp_path \(site.run)/proxy;
            scgi_temp_path \(site.run)/scgi;
            uwsgi_temp_path \(site.run)/uwsgi;
            server {
                listen unix:\(site.run)/application.sock;
                default_type text/plain;
                location / {
                    return 200 "$uri:$http_x_auth_username:$http_cookie:$http_authorization";
                }
            }

        """,
        "# listen, server_name, your certificate": """
        listen 127.0.0.1:\(port);
        add_header X-Shop yes always;
        error_page 404 /not-here;
        """,
        "# your own pages, as they are": #"default_type text/plain; return 200 "shop $uri";"#,
        "http://127.0.0.1:3000": application,
      ])
    return """
      user \(NSUserName());
      pid \(site.run)/shop.pid;
      error_log \(site.run)/shop-error.log;
      events { }
      \(lines)
      """
  }

  private func ask(
    _ path: String, _ method: String = "GET", _ headers: [String: String] = [:],
    json: [String: String]? = nil
  ) throws -> HTTPAnswer {
    var call = json.map { HTTPCall.post(path, json: $0) } ?? HTTPCall(method, path)
    for (name, value) in headers { call = call.with(name, value) }
    let connection = try HTTPConnection(port: port)
    try connection.send(call.bytes(keepAlive: false))
    return try connection.receive()
  }

  private func signedIn() throws -> HTTPAnswer {
    let answer = try ask("/login", json: ["username": "alice", "password": HTTPCall.demoPassword])
    XCTAssertEqual(answer.status, 200, "\(answer.text) \(logs)")
    return answer
  }

  func testSignInRefreshAndThePagesWorkBesideTheOtherApplication() throws {
    let tokens = try signedIn()
    let bearer = ["Authorization": "Bearer \(tokens.accessToken)"]
    XCTAssertEqual(try ask("/job-list", "GET", bearer).list.count, 3)
    XCTAssertEqual(try ask("/sessions", "GET", bearer).list.count, 1)
    XCTAssertEqual(try ask("/sessions/x", "DELETE", bearer).status, 404)
    let refreshed = try ask("/refresh-token", json: ["refreshToken": tokens.refreshToken])
    XCTAssertEqual(refreshed.status, 200)
    XCTAssertEqual(try ask("/logout", json: ["refreshToken": refreshed.refreshToken]).status, 204)
    for path in ["/sign-in", "/profile", "/devices", "/password", "/link"] {
      XCTAssertTrue(try ask(path).text.contains("<title>Postern"), path)
    }
    XCTAssertEqual(try ask("/password-policy").json["minimumLength"] as? Int, 15)
  }

  func testL2_theCookieIsForThePagesOfThisServer() throws {
    let folder = try XCTUnwrap(installation?.run)
    let (url, own) = ("http://127.0.0.1:\(port)/login", "http://127.0.0.1:\(port)")
    let signedIn = try Curl(url, Curl.cookieSignIn(origin: own), folder: folder)
    XCTAssertEqual(signedIn.status, 200, signedIn.body)
    let foreign = try Curl(url, Curl.cookieSignIn(origin: "http://127.0.0.1"), folder: folder)
    XCTAssertEqual(foreign.status, 403, foreign.body)
  }

  func testEveryFileOfThePagesIsServed() throws {
    let folder = "\(Repository.folder)/Public"
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where ["css", "js", "svg"].contains(where: { name.hasSuffix(".\($0)") }) {
      let answer = try ask("/\(name)")
      XCTAssertEqual(answer.status, 200, name)
      XCTAssertNil(answer["X-Shop"], name)
      XCTAssertEqual(answer["X-Content-Type-Options"], "nosniff", name)
    }
  }

  func testTheOtherApplicationHasNothingOfPosterns() throws {
    for path in ["/", "/anything", "/login/x", "/app.js.map", "/index.html", "/sessionsx"] {
      let answer = try ask(path)
      XCTAssertEqual(answer.said, "200 shop \(path)")
      XCTAssertEqual(answer["X-Shop"], "yes")
      for name in ["Content-Security-Policy", "X-Request-Id", "Cross-Origin-Opener-Policy"] {
        XCTAssertNil(answer[name], "\(path) \(name)")
      }
    }
  }

  func testPosternsAnswersAreThoseOfTheWholeFile() throws {
    let site = try XCTUnwrap(installation)
    try site.startNginx()
    var large = HTTPCall.login("alice")
    large.body = [UInt8](repeating: 32, count: 20_000)
    let calls: [HTTPCall] = [
      .get("/sign-in"), .get("/style.css"), .get("/login"), .get("/job-list"), .refresh("x"),
      .post("/login", json: [:]), .get("/job-list", bearer: "x"), large,
      large.with("Accept", "application/problem+json"), .get("/sign-in").with("Referer", "\u{1}"),
      .get("/sessions/\u{E9}"),
      .get("/sign-in").with("X-Long", String(repeating: "x", count: 8_000)),
      .get("/login").with("Sec-Fetch-Mode", "navigate"), .get("/pages/none.js"),
      .get("/pages/none.js").with("Sec-Fetch-Mode", "navigate"), .get("/%6Cogin"),
      HTTPCall("OPTIONS", "/refresh-token").with("Origin", "https://app.example"),
    ]
    for call in calls {
      let connection = try HTTPConnection(port: port)
      try connection.send(call.bytes(keepAlive: false))
      let (part, whole) = (try connection.receive(), try site.ask(call))
      XCTAssertEqual(part.said, whole.said, call.path)
      func headers(_ answer: HTTPAnswer) -> [String] {
        answer.headers.filter { !["X-Request-Id", "Date", "Expires"].contains($0.name) }
          .map { "\($0.name): \($0.value)" }.sorted()
      }
      XCTAssertEqual(headers(part), headers(whole), call.path)
      XCTAssertFalse((part["X-Request-Id"] ?? "").isEmpty, call.path)
    }
  }

  func testTheGuardLetsInWhoIsSignedInAndSaysWhoItIs() throws {
    let site = try XCTUnwrap(installation)
    let bearer = "Bearer \(try signedIn().accessToken)"
    let sent = ["Authorization": bearer, "X-Auth-Username": "mallory", "Cookie": "cart=7"]
    XCTAssertEqual(try ask("/orders/1", "GET", sent).said, "200 /orders/1:alice:cart=7:")
    XCTAssertEqual(try ask("/orders/1").said, "401 Please sign in")
    XCTAssertEqual(try ask("/orders/1", "POST", ["X-Auth-Username": "mallory"]).status, 401)
    let opens = ["Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"]
    let answer = try ask("/orders/1?a=b", "GET", opens)
    XCTAssertEqual(answer.status, 302)
    XCTAssertEqual(answer["Location"], "/sign-in?to=/orders/1?a=b")
    XCTAssertEqual(try ask("/.guard", "GET", ["Authorization": bearer]).status, 404)

    XCTAssertEqual(try ask("/back-office/", "GET", sent).said, "403 Access is forbidden")
    let (status, output) = try site.command(["user", "groups", "alice", "ops"])
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(try ask("/back-office/", "GET", sent).said, "200 /back-office/:alice:cart=7:")

    site.postern?.stop()
    XCTAssertEqual(
      try ask("/orders/1", "GET", sent).said, "503 The service is unavailable for the moment")
    XCTAssertEqual(try ask("/").said, "200 shop /")
    let down = try ask("/job-list")
    XCTAssertEqual(down.said, "502 The service is unavailable for the moment")
    XCTAssertEqual(down["Retry-After"], "1")
  }

  func testQ5_noQueryOfPosternsPathsIsInALog() throws {
    let site = try XCTUnwrap(installation)
    _ = try ask("/login?password=canary-7f3a", json: ["username": "alice"])
    _ = try ask("/sign-in?to=/canary-7f3a")
    for name in ["shop-access.log", "shop-error.log", "postern-access.log", "postern-error.log"] {
      let text = try String(contentsOfFile: "\(site.run)/\(name)", encoding: .utf8)
      XCTAssertFalse(text.contains("canary-7f3a"), "\(name): \(text)")
    }
    let log = try String(contentsOfFile: "\(site.run)/postern-access.log", encoding: .utf8)
    XCTAssertTrue(log.contains("\"POST /login\" 400"), log)
  }
}
