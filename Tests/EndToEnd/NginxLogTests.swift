import Foundation
import XCTest

/// What strangers can make nginx write while Postern is up.
final class NginxLogTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { .init(hasNginxLimit: true) }

  private static let canary = "password=canary"
  private static let json = "Content-Type: application/json\r\n"

  func testN1_Q5_nothingThatClientsDoWrongIsWrittenToTheErrorLog() throws {
    let chunks = String(repeating: "1\r\n \r\n", count: 9_000)
    let long = String(repeating: "x", count: 7_000)
    let requests: [(line: String, rest: String)] = [
      ("POST /login?", "Content-Length: 16385\r\n\r\n"),
      ("POST /login?", "Content-Length: 00000000020000\r\n\r\n"),
      ("POST /login?", "Content-Length: 20000\r\nExpect: 100-continue\r\n\r\n"),
      ("POST /login?", chunked("5000\r\n\(String(repeating: " ", count: 0x5000))\r\n0\r\n\r\n")),
      ("POST /login?", chunked(chunks + "0\r\n\r\n")),
      ("POST /login?", chunked("no size\r\n")), ("GET /style.css?", chunked("no size\r\n")),
      ("GET /?", chunked("no size\r\n")), ("GET /nothing?", chunked("no size\r\n")),
      ("GET /nothing?", "Sec-Fetch-Mode: navigate\r\n" + chunked("no size\r\n")),
      ("TRACE /?", chunked("no size\r\n")), ("GET /\(long)?", "\r\n"),
      ("GET /\(long).js?", "\r\n"), ("GET /style.css/x.js?", "\r\n"), ("GET /app?", "\r\n"),
      ("GET /app/?", "\r\n"), ("GET /nothing.js?", "\r\n"), ("GET /app.js%0a?", "\r\n"),
      ("GET /..%2fnginx.conf?", "\r\n"), ("GET /%00?", "\r\n"), ("\(long) /?", "\r\n"),
      ("GET /style.css?", "Range: bytes=9-1\r\n\r\n"), ("GET /?", "Host: two\r\n\r\n"),
      ("GET /?", "X-Long: \(long)\(long)\r\n\r\n"), ("GET /\(long)\(long)?", "\r\n"),
    ]
    for (line, rest) in requests {
      let request = "\(line)\(Self.canary) HTTP/1.1\r\nHost: x\r\n\(Self.json)\(rest)"
      _ = try answer(request, at: site)
    }
    for call in [HTTPCall.post("/login?\(Self.canary)", json: [:]), .get("/x?\(Self.canary)")] {
      let connection = try HTTPConnection(port: site.port)
      let statuses = try (0..<400).map { _ in try connection.ask(call).status }
      XCTAssertTrue(statuses.contains(429), call.path)
    }
    XCTAssertEqual(try log("error", of: site), "")
  }

  func testN1_Q5_connectionsBeyondTheLimitAreNotWrittenToTheErrorLog() throws {
    let site = try makeInstallation(
      .init(
        hasNginxLimit: true,
        nginxChanges: ["limit_conn connections 400": "limit_conn connections 5"]))
    try site.start()
    let head = "POST /logout?\(Self.canary) HTTP/1.1\r\nHost: x\r\n\(Self.json)"
    let held = try (0..<10).map { _ in try HTTPConnection(port: site.port) }
    for connection in held { try connection.send((head + "Content-Length: 2\r\n\r\n{").utf8) }
    XCTAssertTrue(eventually(within: 4) { held.filter(\.isReadable).count >= 5 })
    let refused = try XCTUnwrap(held.first(where: \.isReadable))
    XCTAssertEqual(try refused.receive().status, 429)
    XCTAssertEqual(try log("error", of: site), "")
  }

  func testN1_N2_Q5_theAccessLogHoldsNoQueryHoweverItIsWritten() throws {
    let paths = [
      "/login?password=canary", "/login%3fpassword=canary", "/login%253Fpassword=canary",
      "/login;password=canary", "/login&password=canary", "/login#password=canary",
      "//login%3Fpassword=canary", "?password=canary",
    ]
    for path in paths {
      for target in [path, "http://localhost\(path)"] {
        _ = try answer("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n", at: site)
      }
    }
    XCTAssertTrue(try isWritten { $0.contains(" \"GET /login\" 404 ") })
    XCTAssertFalse(try log("access", of: site).contains("canary"))
  }

  func testN2_Q5_aLineOfTheAccessLogIsShort() throws {
    let long = String(repeating: "y", count: 7_000)
    for call in [HTTPCall.get("/\(long)"), .get("/\(long).js"), HTTPCall(long.uppercased(), "/")] {
      XCTAssertEqual(try site.ask(call).status, 404)
    }
    let path = "/" + String(repeating: "y", count: 199)
    XCTAssertTrue(try isWritten { $0.contains(" \"GET \(path)\" 404 ") })
    XCTAssertTrue(try isWritten { $0.contains(" \"- /\" 404 ") })
    let lines = try log("access", of: site).split(separator: "\n")
    XCTAssertLessThan(lines.map(\.utf8.count).max() ?? 0, 330)
  }

  /// Bytes that a terminal would act upon get into no line of the error log.
  func testN2_Q11_bytesThatCannotBeSeenAreRefusedBeforeAnythingIsWritten() throws {
    let site = try makeInstallation()
    try site.start()
    let bytes: [[UInt8]] = [
      [0x1B], [0x07], [0x7F], [0x80], [0x9B], [0x9F], [0xC2, 0x9B], [0xE2, 0x80, 0xAE], [0xFF],
    ]
    func assertRefused() throws {
      for odd in bytes {
        XCTAssertEqual(try status("/current-user", referer: odd, at: site), 400, "\(odd)")
        XCTAssertEqual(try status("/current-user", host: odd, at: site), 400, "\(odd)")
        let expected = odd[0] < 0x80 ? 400 : 404  // nginx itself refuses control characters
        for path in ["/", "/app.js?", "/nothing", "/current-user?"] {
          XCTAssertEqual(try status(path, target: odd, at: site), expected, "\(path) \(odd)")
        }
      }
    }
    try assertRefused()
    // Now each request that comes through is written, with its Host and Referer.
    site.postern?.stop()
    try assertRefused()
    XCTAssertEqual(try log("error", of: site), "")
    XCTAssertEqual(try status("/current-user", referer: [0x20], at: site), 502)
    XCTAssertTrue(try log("error", of: site).contains("referrer: \"http://x/ x\""))
  }

  /// What is refused before its body is read does not become the next request.
  func testA6_X6_Q11_theBodyOfARefusedRequestIsNoRequest() throws {
    let hidden = "GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n"
    let body = String(repeating: hidden, count: 100)
    for (target, header, expected) in [
      ("/\u{FF}", "X: y", 404), ("/login", "Referer: \u{FF}", 400), ("/\u{FF}", "X: \u{FF}", 404),
    ] {
      for framing in [
        "Content-Length: \(body.utf8.count)\r\n\r\n\(body)",
        chunked("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"),
      ] {
        let connection = try HTTPConnection(port: site.port, timeout: 5)
        try connection.send("POST \(target) HTTP/1.1\r\nHost: x\r\n\(header)\r\n\(framing)".utf8)
        XCTAssertEqual(try connection.receive().status, expected)
        // It is closed, or the next answer is that of the next question.
        if let next = try? connection.ask(.get("/current-user")) {
          XCTAssertEqual(next.status, 401)
        }
      }
    }
    XCTAssertEqual(try site.ask(.get("/current-user")).status, 401)
  }

  // MARK: - Steps

  private func chunked(_ body: String) -> String { "Transfer-Encoding: chunked\r\n\r\n\(body)" }

  /// nginx may close before everything is sent.
  private func answer(_ request: String, at site: Installation) throws -> HTTPAnswer? {
    let connection = try HTTPConnection(port: site.port, timeout: 5)
    try? connection.send(request.utf8)
    return try? connection.receive()
  }

  private func status(
    _ path: String, target: [UInt8] = [], host: [UInt8] = [], referer: [UInt8] = [],
    at site: Installation
  ) throws -> Int {
    let connection = try HTTPConnection(port: site.port, timeout: 5)
    try connection.send(
      Array("GET \(path)".utf8) + target + Array(" HTTP/1.1\r\nHost: x".utf8) + host
        + Array("\r\nReferer: http://x/".utf8) + referer + Array("x\r\n\r\n".utf8))
    return try connection.receive().status
  }

  /// nginx writes its line a moment after its answer.
  private func isWritten(_ holds: (String) -> Bool) throws -> Bool {
    try eventually(within: 5) { holds(try log("access", of: site)) }
  }

  private func log(_ name: String, of site: Installation) throws -> String {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(site.run)/nginx-\(name).log"))
    return String(decoding: data, as: UTF8.self)
  }
}
