import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// Which bodies are read at all.
final class BodyTypeTests: XCTestCase {
  private func fields(
    type: String?, encoding: String? = nil, body: String = #"{"a":"b"}"#
  ) throws -> BodyFields {
    var request = Request.make(.post, "/login")
    request.headers[.contentType] = type
    request.headers[.contentEncoding] = encoding
    request.body = Array(body.utf8)
    return try BodyFields(of: request, unparsable: "wrong")
  }

  private func assertUnsupported(
    type: String?, encoding: String? = nil, file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertThrowsError(
      try fields(type: type, encoding: encoding), type ?? "none", file: file, line: line
    ) {
      XCTAssertEqual(($0 as? HTTPError)?.status, .unsupportedMediaType, file: file, line: line)
    }
  }

  func testB13_jsonInUTF8IsRead() throws {
    let types = [
      "application/json", "application/json;charset=UTF-8", "Application/JSON; charset=\"utf-8\"",
      "application/json; charset=utf-8; x=y", " application/json ",
    ]
    for type in types { XCTAssertEqual(try fields(type: type)["a"], "b", type) }
  }

  func testB13_otherTypesAre415() {
    let types = [
      nil, "", "text/plain", "application/json; charset=utf-16", "application/json; charset=utf8x",
      "multipart/form-data; boundary=x", "application/jsonx", "json", "*/*", "application/*",
      "application/json, text/plain", "text/plain; application/json", "application/problem+json",
      "application/x-www-form-urlencoded; charset=iso-8859-1",
    ]
    for type in types { assertUnsupported(type: type) }
  }

  func testB13_formIsRead() throws {
    for suffix in ["", ";charset=utf-8"] {
      let type = "application/x-www-form-urlencoded" + suffix
      XCTAssertEqual(try fields(type: type, body: "a=b")["a"], "b")
    }
  }

  func testB14_encodedBodyIs415() throws {
    for encoding in ["gzip", "br", "deflate", "identity, gzip", "x", ""] {
      assertUnsupported(type: "application/json", encoding: encoding)
    }
    XCTAssertEqual(try fields(type: "application/json", encoding: "Identity")["a"], "b")
  }

  func testB13_typeIsLookedAtEvenWhereThereIsNoBody() {
    XCTAssertThrowsError(try fields(type: nil, body: ""))
  }

  func testB15_lengthIsNotLookedAt() throws {
    XCTAssertEqual(try fields(type: "application/json")["a"], "b")
  }
}
