import Foundation
import XCTest

/// Bodies that are too large, oddly framed, or meant for somebody else.
final class NginxBodyTests: EndToEndTestCase {
  func testX2_B12_aBodyOfTheLimitIsReadAndOneByteMoreIs413() throws {
    XCTAssertEqual(try site.ask(loginOf(size: 16 * 1024)).status, 200)
    for size in [16 * 1024 + 1, 1 << 20] {
      let answer = try site.ask(loginOf(size: size))
      XCTAssertEqual(answer.said, "413 The request is too large")
      XCTAssertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
    }
  }

  func testB12_theProgramsOwnLimitIsTheSame() throws {
    let site = try makeInstallation(.init(nginxChanges: Self.noLimit))
    try site.start()
    XCTAssertEqual(try site.ask(loginOf(size: 16 * 1024)).status, 200)
    for size in [16 * 1024 + 1, 200_000, 1_000_000] {
      XCTAssertEqual(try site.ask(loginOf(size: size)).status, 413, "\(size)")
      XCTAssertEqual(try site.ask(.login("alice")).status, 200, "\(size)")
    }
  }

  func testB12_aGigabyteThatIsOnlyDeclaredIs413AtOnce() throws {
    let connection = try HTTPConnection(port: site.port)
    try connection.send(head("Content-Length: 1073741824"))
    XCTAssertEqual(try connection.receive().status, 413)
  }

  func testB15_aChunkedBodyWorks() throws {
    let connection = try HTTPConnection(port: site.port)
    try connection.send(head("Transfer-Encoding: chunked"))
    var rest = HTTPCall.login("alice").body[...]
    while !rest.isEmpty {
      let part = rest.prefix(7)
      rest = rest.dropFirst(7)
      try connection.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10])
    }
    try connection.send(Array("0\r\n\r\n".utf8))
    XCTAssertEqual(try connection.receive().status, 200)
  }

  func testA6_recordsInARefusedBodyAreNeverTakenForRequests() throws {
    let site = try makeInstallation(.init(nginxChanges: Self.noLimit))
    try site.start()
    let token = try site.login("alice").accessToken
    for size in [8_000, 15_000, 32_000, 64_000, 200_000, 1_000_000] {
      for type in ["application/json", "text/plain"] {
        var call = HTTPCall("POST", "/login").with("Content-Type", type)
        call.body = FastCGIRecords.requests(bearer: token, size: size)
        let connection = try HTTPConnection(port: site.port)
        let answer = try connection.ask(call)
        let expected = call.body.count > 16 * 1024 ? 413 : type == "text/plain" ? 415 : 400
        XCTAssertEqual(answer.status, expected, "\(size) \(type)")
        try assertUnharmed(site, connection)
      }
    }
  }

  /// So much is not read to its end: the program closes the connection, and nginx may find it
  /// closed before it finds the answer.
  func testA6_afterABodyOfMegabytesOtherRequestsAreUnharmed() throws {
    let site = try makeInstallation(.init(nginxChanges: Self.noLimit))
    try site.start()
    let token = try site.login("alice").accessToken
    var call = HTTPCall("POST", "/login").with("Content-Type", "application/json")
    call.body = FastCGIRecords.requests(bearer: token, size: 4 << 20)
    for _ in 0..<5 {
      let connection = try HTTPConnection(port: site.port)
      let answer = try connection.ask(call)
      XCTAssertTrue([413, 502].contains(answer.status), answer.said)
      try assertUnharmed(site, connection)
    }
  }

  func testA6_throughTheLimitOfNginxThereIsExactlyOneAnswer413() throws {
    let token = try site.login("alice").accessToken
    for size in [32_000, 200_000] {
      var call = HTTPCall("POST", "/login").with("Content-Type", "application/json")
      call.body = FastCGIRecords.requests(bearer: token, size: size)
      let connection = try HTTPConnection(port: site.port)
      XCTAssertEqual(try connection.ask(call).status, 413)
      try assertUnharmed(site, connection)
    }
  }

  func testX6_aRequestWithTwoLengthsIsRefused() throws {
    let login = HTTPCall.login("alice")
    let both = login.with("Transfer-Encoding", "chunked")
    XCTAssertEqual(try site.ask(both).status, 400)
    XCTAssertEqual(try site.ask(login.with("Content-Length", "5")).status, 400)
  }

  private func head(_ framing: String) -> [UInt8] {
    Array(
      "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(framing)\r\n\r\n".utf8
    )
  }

  /// Whoever asks next, on this connection and on the ones that nginx has kept, gets the answer to
  /// their own question.
  private func assertUnharmed(_ site: Installation, _ connection: HTTPConnection) throws {
    if let next = try? connection.ask(.get("/current-user")) { XCTAssertEqual(next.status, 401) }
    let statuses = try site.askAtOnce(Array(repeating: .get("/current-user"), count: 40))
      .map(\.status)
    XCTAssertEqual(Set(statuses), [401])
  }

  private func loginOf(size: Int) -> HTTPCall {
    var call = HTTPCall.login("alice")
    let extra = ",\"padding\":\""
    let padding = size - call.body.count - extra.utf8.count - 1
    call.body.removeLast()
    call.body += Array((extra + String(repeating: "x", count: padding) + "\"}").utf8)
    return call
  }

  private static let noLimit = ["client_max_body_size 16k": "client_max_body_size 0"]
}

/// Requests as a web server would put them to a FastCGI program.
private enum FastCGIRecords {
  static func requests(bearer token: String, size: Int) -> [UInt8] {
    let parameters =
      pair("REQUEST_METHOD", "GET") + pair("REQUEST_URI", "/job-list")
      + pair("HTTP_AUTHORIZATION", "Bearer \(token)")
    let begin = record(type: 1, [0, 1, 1, 0, 0, 0, 0, 0])
    let request = begin + record(type: 4, parameters) + record(type: 4, []) + record(type: 5, [])
    return Array(repeating: request, count: size / request.count + 1).flatMap { $0 }
  }

  private static func record(type: UInt8, _ content: [UInt8]) -> [UInt8] {
    [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0] + content
  }

  private static func pair(_ name: String, _ value: String) -> [UInt8] {
    let length = UInt32(value.utf8.count) | 0x8000_0000
    return [UInt8(name.utf8.count)] + withUnsafeBytes(of: length.bigEndian) { Array($0) }
      + Array(name.utf8) + Array(value.utf8)
  }
}
