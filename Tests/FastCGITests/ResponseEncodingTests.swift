import HTTPTypes
import HandlerKit
import XCTest

@testable import FastCGI

final class ResponseEncodingTests: XCTestCase {
  private func text(_ response: Response, to method: HTTPRequest.Method = .get) -> String {
    String(decoding: response.encoded(to: method), as: UTF8.self)
  }

  func testResponseIsStatusHeadersLengthAndBody() {
    XCTAssertEqual(
      text(.text("hello")),
      "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello")
  }

  func testBodyIsWrittenByteForByte() {
    let body = (0...255).map { UInt8($0) }
    let bytes = Response(status: .ok, body: body).encoded(to: .get)
    XCTAssertEqual(Array(bytes.suffix(256)), body)
  }

  func testLengthCountsBytesNotCharacters() {
    XCTAssertTrue(text(.text("é👍")).contains("Content-Length: 6\r\n"))
  }

  func testHeadHasTheLengthOfGetAndNoBody() {
    let get = text(.text("hello"))
    XCTAssertEqual(text(.text("hello"), to: .head), String(get.dropLast(5)))
  }

  func testStatusWithoutBodyHasNeitherBodyNorLength() {
    for status in [HTTPResponse.Status.noContent, .notModified] {
      let response = Response(status: status, headers: [.contentLength: "5"], body: [65])
      XCTAssertEqual(
        text(response), "Status: \(status.code) \(status.reasonPhrase)\r\n\r\n")
    }
  }

  func testGivenLengthIsReplacedByTheTrueOne() {
    let response = Response(status: .ok, headers: [.contentLength: "99"], body: [65])
    XCTAssertEqual(text(response), "Status: 200 OK\r\nContent-Length: 1\r\n\r\nA")
  }

  func testSameHeaderTwiceIsTwoLines() {
    var response = Response(status: .noContent)
    response.headers.append(HTTPField(name: .setCookie, value: "a=1"))
    response.headers.append(HTTPField(name: .setCookie, value: "b=2"))
    XCTAssertEqual(
      text(response), "Status: 204 No Content\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n")
  }

  func testA24_lineBreaksInAValueEndNoLine() {
    for lineBreak in ["\r\n", "\n", "\r", "\r\n\r\n", "\0"] {
      var response = Response(status: .noContent)
      response.headers[.location] = "a\(lineBreak)Set-Cookie: x"
      let lines = text(response).split(separator: "\r\n", omittingEmptySubsequences: false)
      XCTAssertEqual(lines.count, 4)
      XCTAssertTrue(lines[1].hasPrefix("Location: a"))
      XCTAssertFalse(lines[1].utf8.contains { $0 < 0x20 })
    }
  }

  func testHeadersThatWereEncodedBeforeAreWrittenAsTheyAre() {
    var response = Response(
      status: .ok, headers: [.contentType: "text/css", .contentLength: "99"], body: [65])
    response.headers.append(HTTPField(name: .setCookie, value: "a=1"))
    response.headers.append(HTTPField(name: .setCookie, value: "b=2"))
    let kept = response.encodedOnce
    XCTAssertEqual(text(kept), text(Response(status: .ok, headers: kept.headers, body: [65])))
  }

  func testHeaderThatIsChangedAfterItWasEncodedIsWrittenAsChanged() {
    var response = Response(status: .noContent, headers: [.location: "/old"]).encodedOnce
    response.headers[.location] = "/new"
    response.headers[.allow] = "GET"
    let lines = text(response).split(separator: "\r\n")
    XCTAssertEqual(lines.filter { $0.hasPrefix("Location:") }, ["Location: /new"])
    XCTAssertEqual(lines.filter { $0.hasPrefix("Allow:") }, ["Allow: GET"])
  }

  func testA24_lineBreaksInAReasonEndNoLine() {
    let status = HTTPResponse.Status(code: 200, reasonPhrase: "OK\r\nSet-Cookie: x")
    let lines = text(Response(status: status)).split(separator: "\r\n")
    XCTAssertEqual(lines.count, 2)
  }

  func testA25_interimAndInvalidStatusBecome500WithoutTheirBody() {
    for code in [100, 101, 103, 199, 0, 99, 600, 999] {
      let response = Response(status: .init(code: code), body: Array("secret".utf8))
      XCTAssertEqual(
        text(response),
        "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "\(code)")
    }
  }
}
