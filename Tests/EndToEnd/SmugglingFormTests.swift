import Foundation
import XCTest

/// Requests that two readers might take for one and for two.
final class SmugglingFormTests: EndToEndTestCase {
  private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

  func testX6_whatIsInABodyIsNeverARequestHoweverItsFramingIsSpelt() throws {
    let chunked = "0\r\n\r\n\(Self.smuggled)"
    let spellings = [
      "Transfer-Encoding: chunked", "Transfer-Encoding : chunked", " Transfer-Encoding: chunked",
      "Transfer-Encoding:\tchunked", "Transfer-Encoding:\u{0B}chunked",
      "transfer-encoding: Chunked",
      "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity",
      "Transfer-Encoding: identity, chunked", "Transfer-Encoding: \"chunked\"",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer_Encoding: chunked",
      "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "Transfer-Encoding:\r\n chunked",
      "X: y\rTransfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\u{0}", "Transfer\u{0}-Encoding: chunked", "TE: chunked",
      "Content-Length: 0", "Content-Length: +0", "Content-Length : 0", "Content_Length: 0",
      "content-length:\t0", "Content-Length: 0, \(chunked.utf8.count)",
      "X: y\r\n Content-Length: 0",
    ]
    for spelling in spellings {
      for isFirst in [true, false] {
        let length = "Content-Length: \(chunked.utf8.count)"
        let framing = isFirst ? "\(spelling)\r\n\(length)" : "\(length)\r\n\(spelling)"
        try assertOneRequest(
          "POST /logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(framing)\r\n\r\n"
            + chunked, framing)
      }
    }
  }

  func testX6_chunksOfOddSizesAreRefused() throws {
    let head =
      "POST /logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n"
    for chunk in [
      "-1\r\n", "+2\r\n{}\r\n", "0x2\r\n{}\r\n", "ffffffffffffffff\r\n{}",
      "10000000000000002\r\n{}",
      "2\r\n{}0\r\n\r\n", " \r\n{}\r\n", "\r\n\r\n", "2,\r\n{}\r\n",
    ] {
      try assertOneRequest("\(head)\(chunk)0\r\n\r\n\(Self.smuggled)", chunk)
    }
  }

  func testX6_aTargetThatNamesAHostIsTheSameRoute() throws {
    for target in ["http://evil.example/current-user", "HTTP://localhost/current-user"] {
      XCTAssertEqual(try site.ask(HTTPCall("GET", target)).said, "401 Token is invalid", target)
    }
    let connection = try HTTPConnection(port: site.port)
    try connection.send("GET //evil.example/current-user HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    XCTAssertEqual(try connection.receive().status, 404)
  }

  func testX6_HTTP09GetsOneAnswerOrNone() throws {
    let connection = try HTTPConnection(port: site.port)
    try connection.send("GET /current-user\r\n\(Self.smuggled)".utf8)
    XCTAssertThrowsError(try connection.receive(), "an answer has a head")
    XCTAssertFalse(try accessLog().contains("/smuggled"))
  }

  /// nginx reads HTTP/2, and Postern gets FastCGI: what no header may hold must not become one.
  func testX6_X14_whatHTTP2CannotSayIsRefusedAndNotPassedOn() throws {
    let site = try makeInstallation()
    try site.start()
    site.nginx?.stop()
    let whole = try site.nginxConfiguration(port: site.port)
    let nginx = try site.runNginx(
      whole.replacing(["backlog=4096;": "http2 backlog=4096;"]), named: "http2")
    defer { nginx.stop() }
    let body = Array("{}".utf8)
    let post = [(":method", "POST"), (":scheme", "http"), (":authority", "x")]
    func path(_ path: String) -> [(String, String)] {
      post + [(":path", path), ("content-type", "application/json")]
    }
    let good = path("/logout?good") + [("content-length", "2")]
    XCTAssertTrue(eventually(within: 10) { (try? self.askHTTP2(site, good, body)) != nil })
    let bad: [(String, [(String, String)])] = [
      ("two lengths", path("/smuggled") + [("content-length", "2"), ("content-length", "0")]),
      ("too short", path("/smuggled") + [("content-length", "1")]),
      ("too long", path("/smuggled") + [("content-length", "200")]),
      ("no number", path("/smuggled") + [("content-length", "+2")]),
      ("line feed", path("/smuggled") + [("x", "y\r\ncontent-encoding: gzip")]),
      ("NUL", path("/smuggled") + [("x", "y\u{0}")]),
      ("line feed in a name", path("/smuggled") + [("x\r\ny", "z")]),
      ("line feed in the target", path("/smuggled HTTP/1.1\r\nx: y")),
      ("two targets", path("/smuggled") + [(":path", "/logout")]),
      ("no method", [(":scheme", "http"), (":authority", "x"), (":path", "/smuggled")]),
      ("unknown pseudo-header", path("/smuggled") + [(":status", "200")]),
    ]
    for (name, headers) in bad {
      try? askHTTP2(site, headers, body)
      XCTAssertNoThrow(try askHTTP2(site, good, body), "after \(name)")
    }
    // Framing of HTTP/1.1 and names in upper case mean nothing here; they may be left out or refused.
    for header in [("transfer-encoding", "chunked"), ("Content-Encoding", "gzip")] {
      try? askHTTP2(site, path("/logout?x") + [header], body)
    }
    // nginx takes a target wherever it stands: it is still one.
    try? askHTTP2(site, post + [("x", "y"), (":path", "/logout?late")], body)
    let log = try accessLog(of: site)
    let answered = log.split(separator: "\n").filter { $0.contains("/smuggled") }
    XCTAssertFalse(
      answered.contains { line in ![" 400 ", " 499 ", " 000 "].contains { line.contains($0) } }, log
    )
    let lines = log.split(separator: "\n").filter { $0.contains("/logout\" 204") }
    XCTAssertGreaterThanOrEqual(lines.count, bad.count + 1, log)
  }

  // MARK: - Steps

  /// Sends bytes that are one request, and behind them an honest one.
  private func assertOneRequest(
    _ request: String, _ message: String, line: UInt = #line
  ) throws {
    let message = message.debugDescription
    let connection = try HTTPConnection(port: site.port)
    try connection.send(
      (request + "GET /current-user HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").utf8)
    let first = try connection.receive()
    XCTAssertTrue([204, 400, 501].contains(first.status), "\(message): \(first.said)", line: line)
    // Closed behind an error, else the honest request's own answer.
    if let second = try? connection.receive() {
      XCTAssertEqual(second.said, "401 Token is invalid", message, line: line)
    }
    XCTAssertTrue(try connection.isClosedByPeer(), message, line: line)
    XCTAssertFalse(try accessLog().contains("/smuggled"), message, line: line)
  }

  private func accessLog(of other: Installation? = nil) throws -> String {
    try String(
      contentsOfFile: "\(other?.run ?? site.run)/nginx-access.log", encoding: .utf8)
  }

  /// One request over a new connection that speaks HTTP/2 (RFC 9113) from its first byte.
  /// - Throws: where no answer with a header comes.
  private func askHTTP2(
    _ site: Installation, _ headers: [(String, String)], _ body: [UInt8]
  ) throws {
    func frame(_ type: UInt8, flags: UInt8, stream: UInt8, _ content: [UInt8]) -> [UInt8] {
      [0, UInt8(content.count >> 8), UInt8(content.count & 0xFF), type, flags, 0, 0, 0, stream]
        + content
    }
    // Literals without indexing, with new names (RFC 7541, 6.2.2).
    let block = headers.flatMap { name, value -> [UInt8] in
      [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)]
        + Array(value.utf8)
    }
    let connection = try HTTPConnection(port: site.port, timeout: 10)
    try connection.send(
      Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, flags: 0, stream: 0, [])
        + frame(1, flags: 4, stream: 1, block) + frame(0, flags: 1, stream: 1, body))
    while true {
      let head = try connection.take(9)
      _ = try connection.take(Int(head[1]) << 8 | Int(head[2]))
      switch head[3] {
      case 1: return
      case 3, 7: throw Trouble("the stream or the connection was ended")
      default: continue
      }
    }
  }
}
