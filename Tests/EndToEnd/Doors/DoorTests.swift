import Foundation
import XCTest

/// What holds whatever web server is in front, and whatever started Postern. `POSTERN_TEST_DOOR` names the
/// door that this run is through, such as `apacheCGI`; without it, `nginx`.
final class DoorTests: EndToEndTestCase {
  private static var name: String {
    ProcessInfo.processInfo.environment["POSTERN_TEST_DOOR"] ?? Door.nginx.rawValue
  }
  private static var door: Door { Door(rawValue: name) ?? .nginx }

  private static let grace = 6
  private static let friend = "https://app.example.com"

  override class var setup: Installation.Setup? {
    .init(
      settings: [
        "POSTERN_TOKENS_GRACE": "\(grace)", "POSTERN_CORS_ALLOWED_ORIGINS": friend,
      ], door: door)
  }

  func testDoor_isOneThatThereIs() {
    XCTAssertNotNil(Door(rawValue: Self.name), Self.name)
  }

  // MARK: Signing in, reading, refreshing

  func testC8_signInReadRefreshAndReadAgain() throws {
    let signIn = try site.ask(.login("alice"))
    XCTAssertEqual(signIn.status, 200, signIn.text)
    let user = try XCTUnwrap(signIn.json["user"] as? [String: String])
    XCTAssertEqual(user["username"], "alice")
    let refresh = try site.ask(.refresh(signIn.refreshToken))
    XCTAssertEqual(refresh.status, 200, refresh.text)
    XCTAssertNotEqual(refresh.refreshToken, signIn.refreshToken)
    for token in [signIn.accessToken, refresh.accessToken] {
      let current = try site.ask(.get("/current-user", bearer: token))
      XCTAssertEqual(current.json as? [String: String], user)
      let jobs = try site.ask(.get("/job-list?user_id=bob", bearer: token))
      XCTAssertEqual(jobs.status, 200, jobs.text)
      XCTAssertGreaterThanOrEqual(jobs.list.count, 3)
      XCTAssertTrue(jobs.list.allSatisfy { $0["user_id"] as? String == user["id"] })
    }
  }

  func testK3_logoutEndsTheSessionAtOnce() throws {
    let signIn = try site.login("bob")
    let logout = HTTPCall.post("/logout", json: ["refreshToken": signIn.refreshToken])
    let answer = try site.ask(logout)
    XCTAssertEqual(answer.status, 204, answer.text)
    XCTAssertEqual(answer.body, [])
    XCTAssertEqual(
      try site.ask(.get("/job-list", bearer: signIn.accessToken)).said, "401 Token is invalid")
    XCTAssertEqual(try site.ask(.refresh(signIn.refreshToken)).status, 403)
    XCTAssertEqual(try site.ask(logout).status, 204)
  }

  func testK2_aSessionIsListedWithItsClientAndEnded() throws {
    let signIn = try site.ask(HTTPCall.login("carol").with("User-Agent", "suite"))
    let bearer = signIn.accessToken
    let sessions = try site.ask(.get("/sessions", bearer: bearer)).list
    let own = try XCTUnwrap(sessions.first { $0["current"] as? Bool == true })
    XCTAssertEqual(own["address"] as? String, "127.0.0.1")
    XCTAssertEqual(own["userAgent"] as? String, "suite")
    let id = try XCTUnwrap(own["id"] as? String)
    var end = HTTPCall.get("/sessions/\(id)", bearer: bearer)
    end.method = "DELETE"
    XCTAssertEqual(try site.ask(end).status, 204)
    XCTAssertEqual(try site.ask(.get("/sessions", bearer: bearer)).status, 401)
  }

  func testE1_parallelRefreshesOfOneTokenAllGetTheOneSuccessor() throws {
    var token = try site.login("alice").refreshToken
    for round in 1...3 {
      let answers = try site.askAtOnce(Array(repeating: .refresh(token), count: 12))
      XCTAssertEqual(Set(answers.map(\.status)), [200], "\(Set(answers.map(\.said)))")
      let successors = Set(answers.map(\.refreshToken))
      XCTAssertEqual(successors.count, 1, "round \(round)")
      XCTAssertFalse(successors.contains(token), "round \(round)")
      token = try XCTUnwrap(successors.first)
    }
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
  }

  func testE7_refreshesThatRaceALogoutLeaveNothingThatWorks() throws {
    for _ in 1...3 {
      let token = try site.login("bob").refreshToken
      let logout = HTTPCall.post("/logout", json: ["refreshToken": token])
      let answers = try site.askAtOnce([.refresh(token), logout, .refresh(token), .refresh(token)])
      XCTAssertEqual(answers[1].status, 204, answers[1].text)
      for answer in answers where answer.status == 200 {
        XCTAssertEqual(try site.ask(.refresh(answer.refreshToken)).status, 403)
      }
    }
  }

  func testE5_theFirstTokenAfterTheGraceEndsTheSession() throws {
    let first = try site.login("carol").refreshToken
    let current = try site.ask(.refresh(first)).refreshToken
    XCTAssertEqual(try site.ask(.refresh(first)).refreshToken, current)
    sleep(UInt32(Self.grace) + 1)
    XCTAssertEqual(try site.ask(.refresh(first)).said, "403 Refresh token is wrong")
    XCTAssertEqual(try site.ask(.refresh(current)).status, 403)
  }

  // MARK: The cookie, and who may come in

  private func cookieSignIn(_ name: String) throws -> (header: String, answer: HTTPAnswer) {
    let answer = try site.ask(
      HTTPCall.post(
        "/login",
        json: ["username": name, "password": HTTPCall.demoPassword, "session": "cookie"]
      ).with("Origin", "http://localhost"))
    let line = try XCTUnwrap(
      answer.values(of: "Set-Cookie").first { $0.hasPrefix("__Host-refresh=") }, answer.text)
    for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age="] {
      XCTAssertTrue(line.contains("; \(part)"), part)
    }
    XCTAssertEqual(answer.refreshToken, "")
    return (String(line.prefix { $0 != ";" }), answer)
  }

  func testL2_theCookieRefreshesForThisSitesOwnPageAlone() throws {
    let cookie = try cookieSignIn("alice").header
    let refresh = HTTPCall.post("/refresh-token", json: [:]).with("Cookie", cookie)
    let foreign = try site.ask(refresh.with("Origin", "https://evil.example"))
    XCTAssertEqual(foreign.said, "403 Access is forbidden")
    let answer = try site.ask(refresh.with("Origin", "http://localhost"))
    XCTAssertEqual(answer.status, 200, answer.text)
    XCTAssertNotEqual(answer.accessToken, "")
    XCTAssertTrue(answer.values(of: "Set-Cookie").contains { $0.hasPrefix("__Host-refresh=") })
  }

  func testP7_verifyAdmitsAnAccessTokenAndACookieAndNothingElse() throws {
    let (cookie, signIn) = try cookieSignIn("bob")
    for call in [
      HTTPCall.get("/verify", bearer: signIn.accessToken),
      HTTPCall.get("/verify").with("Cookie", cookie),
    ] {
      let answer = try site.ask(call)
      XCTAssertEqual(answer.status, 204, answer.text)
      XCTAssertEqual(answer["X-Auth-Username"], "bob")
    }
    for call in [HTTPCall.get("/verify"), .get("/verify", bearer: "x")] {
      let answer = try site.ask(call)
      XCTAssertEqual(answer.status, 401)
      XCTAssertTrue((answer["WWW-Authenticate"] ?? "").hasPrefix("Bearer"))
    }
    let group = HTTPCall.get("/verify?group=ops", bearer: signIn.accessToken)
    XCTAssertEqual(try site.ask(group).status, 403)
  }

  func testC7_headersThatNameAUserOrASettingHaveNoEffect() throws {
    let token = try site.login("carol").accessToken
    let names = [
      "Remote-User", "X-Forwarded-User", "X-Auth-User-Id", "Proxy", "Postern-Data", "Request-Id",
      "X-Request-Id", "Request-Method", "Gateway-Interface",
    ]
    let call = names.reduce(HTTPCall.get("/current-user", bearer: token)) { $0.with($1, "alice") }
    let answer = try site.ask(call)
    XCTAssertEqual(answer.status, 200, answer.text)
    XCTAssertEqual(answer.json["username"] as? String, "carol")
    XCTAssertNotEqual(answer["X-Request-Id"], "alice")
    let none = try site.ask(names.reduce(HTTPCall("GET", "/current-user")) { $0.with($1, "alice") })
    XCTAssertEqual(none.status, 401)
  }

  func testA20_aTokenIsGoodForItsOwnRequestAlone() throws {
    let token = try site.login("alice").accessToken
    let connection = try HTTPConnection(port: site.port)
    XCTAssertEqual(try connection.ask(.get("/job-list", bearer: token)).status, 200)
    XCTAssertEqual(try connection.ask(.get("/job-list")).said, "401 Token is invalid")
    XCTAssertEqual(try connection.ask(.get("/job-list", bearer: token)).status, 200)
  }

  // MARK: Errors and what all answers have

  func testErrors_areTextOrProblemDetailsAndOfTheStatusThatTheyAlwaysHave() throws {
    let cases: [(HTTPCall, String)] = [
      (.login("alice", "not hers"), "400 Username or password is wrong!"),
      (.post("/login", json: ["username": "alice"]), "400 Please enter valid data!"),
      (HTTPCall("POST", "/login"), "415 "), (.get("/login"), "405 Method not allowed"),
      (.refresh("x"), "403 jwt malformed"), (.get("/job-list"), "401 Token is invalid"),
      (.get("/job-list", bearer: "x"), "401 Token is invalid"),
      (.get("/nothing-here"), "404 Not found"),
    ]
    for (call, said) in cases {
      let answer = try site.ask(call)
      XCTAssertTrue(answer.said.hasPrefix(said), "\(call.path): \(answer.said)")
      XCTAssertEqual(answer["Content-Type"], "text/plain; charset=utf-8", call.path)
      XCTAssertEqual(answer["Cache-Control"], "no-store", call.path)
      let problem = try site.ask(call.with("Accept", "application/problem+json"))
      XCTAssertEqual(problem.status, answer.status, call.path)
      XCTAssertEqual(problem["Content-Type"], "application/problem+json", call.path)
      XCTAssertEqual(problem.json["status"] as? Int, answer.status, call.path)
    }
    XCTAssertEqual(try site.ask(.get("/login"))["Allow"], "OPTIONS, POST")
  }

  func testHeaders_everyAnswerHasEachHeaderOnceAndAnIdOfItsOwn() throws {
    let token = try site.login("alice").accessToken
    var ids: Set<String> = []
    for call in [
      HTTPCall.get("/job-list", bearer: token), .get("/job-list"), .refresh("x"),
      .get("/nothing-here"), .get("/verify", bearer: token), .get("/login"),
    ] {
      let answer = try site.ask(call)
      let names = answer.headers.map { $0.name.lowercased() }
      XCTAssertEqual(names.sorted(), Set(names).sorted(), call.path)
      XCTAssertEqual(answer["X-Content-Type-Options"], "nosniff", call.path)
      XCTAssertTrue((16...64).contains(answer["X-Request-Id"]?.count ?? 0), call.path)
      ids.insert(answer["X-Request-Id"] ?? "")
    }
    XCTAssertEqual(ids.count, 6)
  }

  func testA23_headIsAsGetWithoutABody() throws {
    let token = try site.login("bob").accessToken
    for path in ["/job-list", "/current-user", "/"] {
      var call = HTTPCall.get(path, bearer: token)
      let get = try site.ask(call)
      call.method = "HEAD"
      let head = try site.ask(call)
      XCTAssertEqual(head.status, 200, path)
      XCTAssertEqual(head["Content-Type"], get["Content-Type"], path)
      XCTAssertEqual(head.body, [])
    }
    XCTAssertEqual(try site.ask(HTTPCall("HEAD", "/job-list")).status, 401)
    XCTAssertEqual(try site.ask(HTTPCall("HEAD", "/login")).status, 405)
  }

  func testA23_pagesOfAllowedOriginsAloneMayCall() throws {
    let preflight = HTTPCall("OPTIONS", "/refresh-token")
      .with("Access-Control-Request-Method", "POST")
    let allowed = try site.ask(preflight.with("Origin", Self.friend))
    XCTAssertEqual(allowed.status, 204, allowed.text)
    XCTAssertEqual(allowed["Access-Control-Allow-Origin"], Self.friend)
    let methods = allowed["Access-Control-Allow-Methods"] ?? ""
    XCTAssertTrue(methods.contains("POST"), methods)
    let foreign = try site.ask(preflight.with("Origin", "https://evil.example"))
    XCTAssertEqual(foreign.status, 204)
    XCTAssertNil(foreign["Access-Control-Allow-Origin"])
    for call in [HTTPCall.get("/job-list"), .login("alice", "wrong")] {
      let answer = try site.ask(call.with("Origin", Self.friend))
      XCTAssertEqual(answer["Access-Control-Allow-Origin"], Self.friend, call.path)
      XCTAssertEqual(answer["Vary"], "Origin", call.path)
    }
  }

  // MARK: Bodies and paths

  private func login(size: Int) -> HTTPCall {
    var call = HTTPCall.login("alice")
    let extra = ",\"padding\":\""
    let padding = size - call.body.count - extra.utf8.count - 1
    call.body.removeLast()
    call.body += Array((extra + String(repeating: "x", count: padding) + "\"}").utf8)
    return call
  }

  func testB12_aBodyOfTheLimitIsReadAndLargerOnesAre413() throws {
    XCTAssertEqual(try site.ask(login(size: 16 * 1024)).status, 200)
    for size in [16 * 1024 + 1, 200_000, 900_000] {
      let answer = try site.ask(login(size: size))
      XCTAssertEqual(answer.said, "413 The request is too large", "\(size)")
      XCTAssertEqual(try site.ask(.login("alice")).status, 200, "\(size)")
    }
  }

  func testB12_aGigabyteThatIsOnlyDeclaredIs413AtOnce() throws {
    let connection = try HTTPConnection(port: site.port)
    try connection.send(head("Content-Length: 1073741824"))
    XCTAssertEqual(try connection.receive().status, 413)
  }

  func testB13_B14_onlyPlainJSONAndFormsAreRead() throws {
    var call = HTTPCall.login("bob")
    call.headers = [("Content-Type", "text/plain")]
    XCTAssertEqual(try site.ask(call).status, 415)
    call.headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    XCTAssertEqual(try site.ask(call).status, 415)
    call.headers = [("Content-Type", "application/json;charset=UTF-8")]
    XCTAssertEqual(try site.ask(call).status, 200)
    call.headers = [("Content-Type", "application/x-www-form-urlencoded")]
    call.body = Array("username=bob&password=\(HTTPCall.demoPassword)".utf8)
    XCTAssertEqual(try site.ask(call).status, 200)
  }

  func testB15_aChunkedBodyIsReadOrRefusedAndNeverCutShort() throws {
    let connection = try HTTPConnection(port: site.port)
    try connection.send(head("Transfer-Encoding: chunked"))
    var rest = HTTPCall.login("alice").body[...]
    while !rest.isEmpty {
      let part = rest.prefix(7)
      rest = rest.dropFirst(7)
      try connection.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10])
    }
    try connection.send(Array("0\r\n\r\n".utf8))
    let answer = try connection.receive()
    XCTAssertEqual(answer.status, Self.door.readsChunkedBodies ? 200 : 411, answer.text)
  }

  private func head(_ framing: String) -> [UInt8] {
    Array(
      "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(framing)\r\n\r\n".utf8
    )
  }

  func testA21_oddSpellingsOfAPathAreNotThatPath() throws {
    let token = try site.login("carol").accessToken
    for path in [
      "/job-list/", "/job-list;x", "/JOB-LIST", "/job-list%00", "/job-list%2f",
      "/x%2f..%2fjob-list",
      "//job-list/x", "/%00",
    ] {
      let status = try site.ask(.get(path, bearer: token)).status
      XCTAssertTrue([400, 404].contains(status), "\(path): \(status)")
    }
  }

  func testH17_noQueryIsACommandLine() throws {
    let token = try site.login("alice").accessToken
    for query in ["--help", "config", "-h", "user+disable+alice", "--config+/dev/null", "worker"] {
      let answer = try site.ask(.get("/job-list?\(query)", bearer: token))
      XCTAssertEqual(answer.status, 200, "\(query): \(answer.text)")
    }
  }

  // MARK: Pages

  func testPage_everyPathOfThePageIsThePage() throws {
    let page = try site.ask(.get("/"))
    XCTAssertTrue(page.text.contains("<html"), page.text)
    for path in ["/sign-in", "/profile", "/devices", "/password", "/link", "/sign-in?to=/x"] {
      let answer = try site.ask(.get(path))
      XCTAssertEqual(answer.status, 200, path)
      XCTAssertEqual(answer.body, page.body, path)
      XCTAssertEqual(answer["Content-Type"], "text/html; charset=utf-8", path)
      XCTAssertEqual(answer["X-Content-Type-Options"], "nosniff", path)
      XCTAssertEqual(answer["Referrer-Policy"], "no-referrer", path)
      let policy = answer["Content-Security-Policy"] ?? ""
      XCTAssertTrue(policy.contains("frame-ancestors 'none'"), "\(path): \(policy)")
    }
    for (path, type) in [
      ("/app.js", "text/javascript"), ("/style.css", "text/css"),
      ("/pages/home.js", "text/javascript"), ("/openapi.yaml", "application/yaml"),
    ] {
      let answer = try site.ask(.get(path))
      XCTAssertEqual(answer.status, 200, path)
      let found = answer["Content-Type"]?.replacingOccurrences(of: "application/j", with: "text/j")
      XCTAssertEqual(found?.prefix { $0 != ";" }, type[...], path)
    }
  }

  func testPage_aPostToAPathOfThePageReachesPostern() throws {
    XCTAssertEqual(try site.ask(.post("/password", json: [:])).said, "401 Token is invalid")
    XCTAssertEqual(try site.ask(.post("/sign-in", json: [:])).said, "404 Not found")
  }

  func testPage_filesThatAreNoPagesAreNotServed() throws {
    for path in [
      "/package.json", "/postern.d.ts", "/data/keys.json", "/..%2fnginx.conf", "/pages/",
      "/nothing.js",
    ] {
      let status = try site.ask(.get(path)).status
      XCTAssertTrue([400, 403, 404].contains(status), "\(path): \(status)")
    }
  }
}
