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
