import Foundation
import Synchronization
import SystemCalls
import XCTest

/// Headers and targets that clients may send, and what must not come of them.
final class NginxHeaderTests: EndToEndTestCase {
  func testX1_aHeaderOrTargetBeyondTheBuffersIsRefusedByNginx() throws {
    let long = String(repeating: "x", count: 9_000)
    let header = try site.ask(.get("/current-user").with("X-Long", long))
    XCTAssertEqual(header.status, 400)
    XCTAssertEqual(try site.ask(.get("/current-user?\(long)")).status, 414)
    var many = HTTPCall.get("/current-user")
    for number in 0..<1000 { many = many.with("X-\(number)", String(repeating: "x", count: 40)) }
    XCTAssertEqual(try site.ask(many).status, 400)
  }

  func testA22_aLongQueryIs414AndATokenInTheQueryAdmitsNobody() throws {
    let query = String(repeating: "q=1&", count: 16_000)
    XCTAssertEqual(try site.ask(.get("/job-list?\(query)")).status, 414)
    let token = try site.login("alice").accessToken
    for name in ["access_token", "token", "Authorization"] {
      XCTAssertEqual(try site.ask(.get("/job-list?\(name)=\(token)")).said, "401 Token is invalid")
    }
  }

  func testC2_twoAuthorizationHeadersAre400() throws {
    let token = try site.login("alice").accessToken
    let call = HTTPCall.get("/current-user", bearer: token).with("Authorization", "Bearer other")
    XCTAssertEqual(try site.ask(call).status, 400)
  }

  /// nginx keeps its connections to the program; one that is closed behind an answer can cost
  /// whoever comes next their request.
  func testA15_aRefusedRequestDoesNotCostTheNextOneItsAnswer() throws {
    let doubled = HTTPCall.get("/current-user").with("Origin", "a").with("Origin", "b")
    let connection = try HTTPConnection(port: site.port)
    for _ in 0..<500 {
      XCTAssertEqual(try connection.ask(doubled).status, 400)
      XCTAssertEqual(try connection.ask(.get("/current-user")).status, 401)
    }
  }

  func testC4_aTokenOfMegabytesIsRefusedByNginx() throws {
    for size in [7_000, 32_000] {
      let answer = try site.ask(.get("/job-list", bearer: String(repeating: "A", count: size)))
      XCTAssertEqual(answer.status, size < 8_000 ? 401 : 400)
    }
  }

  func testC7_headersThatNameAUserHaveNoEffect() throws {
    for name in ["X-Forwarded-User", "Remote-User", "X-User-Id", "X-Original-URL"] {
      XCTAssertEqual(try site.ask(.get("/job-list").with(name, "alice")).status, 401, name)
    }
  }

  func testX4_aProxyHeaderChangesNothing() throws {
    let answer = try site.ask(.login("alice").with("Proxy", "http://evil.example/"))
    XCTAssertEqual(answer.status, 200)
    let token = answer.accessToken
    let jobs = try site.ask(
      .get("/job-list", bearer: token).with("Proxy", "http://evil.example/"))
    XCTAssertEqual(jobs.status, 200)
  }

  /// `Content-Encoding: gzip` would be answered 415 if it reached the program.
  func testX5_headersOfOddSpellingsAreDroppedOrRefused() throws {
    let spellings = [
      "Content_Encoding: gzip", "Content-Encoding : gzip", " Content-Encoding: gzip",
      "Content-Encoding\u{0}: gzip", "X-Other: a\r\n Content-Encoding: gzip",
      "X-Other: a\rContent-Encoding: gzip", "Content\tEncoding: gzip",
    ]
    let login = HTTPCall.login("alice")
    XCTAssertEqual(try site.ask(login.with("Content-Encoding", "gzip")).status, 415)
    for spelling in spellings {
      let connection = try HTTPConnection(port: site.port)
      let bytes = String(decoding: login.bytes(keepAlive: false), as: UTF8.self)
      try connection.send(
        bytes.replacingOccurrences(of: "Host: localhost", with: "Host: localhost\r\n\(spelling)")
          .utf8)
      let status = try connection.receive().status
      XCTAssertTrue([200, 400].contains(status), "\(spelling.debugDescription): \(status)")
    }
  }

  func testA21_otherSpellingsOfAPathAreOtherPaths() throws {
    for path in ["//login", "/login/", "/%6cogin", "/login;x", "/LOGIN", "/x/../login"] {
      var call = HTTPCall.login("alice")
      call.path = path
      XCTAssertEqual(try site.ask(call).status, 404, path)
    }
  }

  func testA23_headIsAnsweredAsGetWithoutABody() throws {
    let token = try site.login("alice").accessToken
    for path in ["/job-list", "/current-user"] {
      let get = try site.ask(.get(path, bearer: token))
      let connection = try HTTPConnection(port: site.port)
      var call = HTTPCall.get(path, bearer: token)
      call.method = "HEAD"
      let head = try connection.ask(call)
      XCTAssertEqual(head.status, 200)
      XCTAssertEqual(head["Content-Length"], "\(get.body.count)")
      // No byte of a body came: the next answer follows at once.
      XCTAssertEqual(try connection.ask(.get("/current-user")).status, 401)
    }
  }

  func testA23_aForeignOriginGetsNoPermission() throws {
    var preflight = HTTPCall("OPTIONS", "/refresh-token")
    preflight = preflight.with("Origin", "https://evil.example")
      .with("Access-Control-Request-Method", "POST")
    for call in [preflight, .login("alice").with("Origin", "https://evil.example")] {
      let answer = try site.ask(call)
      XCTAssertEqual(
        answer.headers.filter { $0.name.lowercased().hasPrefix("access-control-") }.map(\.name), [])
    }
  }

  /// A worker may have carried the request out and died before its answer.
  func testE18_nginxSendsOnlyWhatChangesNothingASecondTime() throws {
    let site = try makeInstallation()
    try site.start()
    site.postern?.stop()
    let worker = try DyingWorker(path: site.socketPath)
    defer { worker.stop() }
    for (call, count) in [
      (.login("alice"), 1), (.refresh("x"), 1), (.post("/logout", json: [:]), 1),
      (HTTPCall("DELETE", "/sessions/x"), 1), (HTTPCall("PUT", "/x"), 1),
      (.get("/current-user"), 2), (HTTPCall("HEAD", "/current-user"), 2),
      (HTTPCall.get("/nothing").with("Sec-Fetch-Mode", "navigate"), 2),
    ] as [(HTTPCall, Int)] {
      let before = worker.requests
      XCTAssertEqual(try site.ask(call).status, 502)
      XCTAssertEqual(worker.requests - before, count, "\(call.method) \(call.path)")
    }
    let text = try String(contentsOfFile: "\(Repository.folder)/nginx.conf", encoding: .utf8)
    XCTAssertFalse(text.contains("non_idempotent"))
  }
}

/// Takes requests, and closes each connection without an answer.
private final class DyingWorker: Sendable {
  private let listener: FileDescriptor
  private let count = Mutex(0)
  private let isOver = Mutex(false)

  var requests: Int { count.withLock { $0 } }

  init(path: String) throws {
    listener = try System.streamSocket()
    try System.bind(listener, toPath: path)
    try System.listen(listener, backlog: 16)
    Thread { [self] in
      while !isOver.withLock({ $0 }) {
        _ = try? System.waitForInput([listener.number], milliseconds: 50)
        guard let connection = try? System.accept(listener) else { continue }
        _ = try? System.waitForInput([connection.number], milliseconds: 5_000)
        guard let bytes = try? System.receive(connection, limit: 8_192), !bytes.isEmpty else {
          continue
        }
        count.withLock { $0 += 1 }
      }
    }.start()
  }

  func stop() { isOver.withLock { $0 = true } }
}
