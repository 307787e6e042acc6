import Foundation
import HandlerKit
import TestSupport
import XCTest

final class ResponseTests: XCTestCase {
  private struct Sample: Encodable {
    var zebra = 1
    var apple = "a/b"
    var mango: [String: Int] = ["b": 1, "a": 2, "c": 3]
  }

  private struct Unencodable: Encodable {
    func encode(to encoder: any Encoder) throws { throw TellingError() }
  }

  func testEqualValuesGiveEqualBytes() throws {
    for _ in 0..<20 {
      XCTAssertEqual(
        try Response.json(Sample()).text,
        #"{"apple":"a/b","mango":{"a":2,"b":1,"c":3},"zebra":1}"#)
    }
  }

  func testDatesAreISO8601() throws {
    let time = Date(timeIntervalSince1970: 1_800_000_000.75)
    XCTAssertEqual(try Response.json(["at": time]).text, #"{"at":"2027-01-15T08:00:00Z"}"#)
  }

  func testJSONSaysItsTypeAndStatus() throws {
    let response = try Response.json([1], status: .created)
    XCTAssertEqual(response.status, .created)
    XCTAssertEqual(response.headers, [.contentType: "application/json"])
    XCTAssertEqual(try Response.json([1], contentType: "a/b").headers, [.contentType: "a/b"])
  }

  func testK8_textThatIsMarkupStaysTheSameText() throws {
    let texts = ["<script>alert(1)</script>", "\u{2028}", "a\r\nb", "\"\\", "\0", "👍", "ﬁ"]
    let response = try Response.json(texts)
    XCTAssertEqual(
      try JSONDecoder().decode([String].self, from: Data(response.body)).map { Array($0.utf8) },
      texts.map { Array($0.utf8) })
    XCTAssertFalse(response.body.contains { $0 < 0x20 })
  }

  func testWhatCannotBeEncodedIsThrown() {
    XCTAssertThrowsError(try Response.json(Unencodable()))
  }

  func testTextIsUTF8() {
    let response = Response.text("é", status: .forbidden)
    XCTAssertEqual(response.status, .forbidden)
    XCTAssertEqual(response.headers, [.contentType: "text/plain; charset=utf-8"])
    XCTAssertEqual(response.body, [0xC3, 0xA9])
  }
}
