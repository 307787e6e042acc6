import ForeignInput
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// JSON bodies. The texts that `BodyFields` hands out are what the client wrote, or there are none.
final class BodyFieldsTests: XCTestCase {
  private func fields(_ body: [UInt8], type: String? = "application/json") throws -> BodyFields {
    var request = Request.make(.post, "/login")
    request.headers[.contentType] = type
    request.body = body
    return try BodyFields(of: request, unparsable: "Please enter valid data!")
  }

  private func fields(_ body: String) throws -> BodyFields { try fields(Array(body.utf8)) }

  private func assertRefused(
    _ body: [UInt8], _ name: String = "", file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertThrowsError(try fields(body), name, file: file, line: line) {
      XCTAssertEqual(($0 as? HTTPError)?.status, .badRequest, name, file: file, line: line)
      XCTAssertEqual(
        ($0 as? HTTPError)?.message, "Please enter valid data!", name, file: file, line: line)
    }
  }

  func testTextsAreReadByName() throws {
    let fields = try fields(#" {"username" : "alice", "password":"p", "":"empty"} "#)
    XCTAssertEqual(fields["username"], "alice")
    XCTAssertEqual(fields["password"], "p")
    XCTAssertEqual(fields[""], "empty")
    XCTAssertNil(fields["Username"])
    XCTAssertFalse(fields.contains("fingerprint"))
  }

  func testTruthsAreReadByName() throws {
    let fields = try fields(
      #"{"a":true,"b":false,"c":"true","d":"false","e":"on","f":1,"g":null,"h":"True","i":[true]}"#)
    for name in ["a", "c"] as [ForeignText] { XCTAssertEqual(fields.truth(name), true) }
    for name in ["b", "d"] as [ForeignText] { XCTAssertEqual(fields.truth(name), false) }
    for name in ["e", "f", "g", "h", "i", "j"] as [ForeignText] {
      XCTAssertNil(fields.truth(name))
    }
    XCTAssertNil(fields["a"])
  }

  func testB4_deepNestingIsRefused() {
    for opening in ["[", #"{"a":"#, #"{"a":["#] {
      assertRefused(Array(String(repeating: opening, count: 100_000).utf8), opening)
    }
    let balanced = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    assertRefused(Array(#"{"a":\#(balanced)}"#.utf8))
  }

  func testB7_fieldsThatNobodyAsksForAreIgnored() throws {
    let fields = try fields(#"{"a":"1","admin":true,"__proto__":{"x":[1,{"y":null}]}}"#)
    XCTAssertEqual(fields["a"], "1")
  }

  func testB8_otherTypesAreNoText() throws {
    let values = [
      "1", "1.0", "-0", "1e3", "9223372036854775808", "true", "false", "[]", "[\"x\"]", "{}",
      #"{"a":"x"}"#,
    ]
    for value in values {
      let fields = try fields(#"{"a":\#(value),"b":"text"}"#)
      XCTAssertNil(fields["a"], value)
      XCTAssertTrue(fields.contains("a"), value)
      XCTAssertEqual(fields["b"], "text", value)
    }
  }

  func testB8_numbersBeyondAllMeasureAreNoText() {
    for value in ["1e999", "-1e999", String(repeating: "9", count: 100_000)] {
      XCTAssertNil(try? fields(#"{"a":\#(value)}"#)["a"])
    }
  }

  func testB8_nullIsNoField() throws {
    let fields = try fields(#"{"a":null}"#)
    XCTAssertNil(fields["a"])
    XCTAssertFalse(fields.contains("a"))
  }

  func testB9_whatIsNotUTF8IsRefused() {
    let json = #"{"a":"b"}"#
    let little = json.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let big = json.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    assertRefused(little, "UTF-16LE")
    assertRefused([0xFF, 0xFE] + little, "UTF-16LE with mark")
    assertRefused(big, "UTF-16BE")
    assertRefused([0xFE, 0xFF] + big, "UTF-16BE with mark")
    assertRefused(json.utf8.flatMap { [$0, 0, 0, 0] }, "UTF-32LE")
    assertRefused(json.utf8.flatMap { [0, 0, 0, $0] }, "UTF-32BE")
    assertRefused([0xEF, 0xBB, 0xBF] + json.utf8, "UTF-8 with mark")
  }

  func testB9_invalidUTF8IsRefused() {
    let wrong: [[UInt8]] = [
      [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xFF], [0x80], [0xC3], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
    ]
    for bytes in wrong {
      assertRefused(Array(#"{"a":""#.utf8) + bytes + Array(#""}"#.utf8), "\(bytes)")
    }
  }

  func testB9_loneSurrogateIsNoText() {
    for escape in [#"\ud800"#, #"\udc00"#, #"\ud800x"#, #"\udc00\ud800"#, #"\ud800\u0041"#] {
      XCTAssertNil(try? fields(#"{"a":"\#(escape)"}"#)["a"], escape)
    }
    XCTAssertEqual(try fields(#"{"a":"\ud83d\udc4d"}"#)["a"], "👍")
  }

  func testB10_escapedNulIsKeptAndEndsNothing() throws {
    let text = try fields(#"{"a":"x\u0000y"}"#)["a"]
    XCTAssertEqual(text?.bytes, [0x78, 0, 0x79])
    assertRefused(Array("{\"a\":\"x\0y\"}".utf8), "a raw NUL")
  }

  func testB11_emptyBodyHasNoFields() throws {
    XCTAssertFalse(try fields("").contains("username"))
    XCTAssertFalse(try fields("{}").contains("username"))
  }

  func testB11_whatIsNoSingleObjectIsRefused() {
    let bodies = [
      " ", "\n", "null", "[]", #""""#, "1", "true", "{}{}", "{} x", #"{"a":"b"}]"#, "{", "}",
      #"{"a":"b""#, #"{"a":}"#, #"{a:"b"}"#, "{'a':'b'}", #"{"a":"b"}/**/"#,
      #"[{"a":"b"}]"#, "a=b", #"{"a":"b","#,
    ]
    for body in bodies { assertRefused(Array(body.utf8), body) }
  }

  func testB11_textThatJSONDoesNotAllowIsNoText() {
    for text in ["line\nbreak", "a\tb", "\u{1}", #"\x41"#, #"\u12"#, #"\"#] {
      XCTAssertNil(try? fields("{\"a\":\"\(text)\"}")["a"], text)
    }
  }

  func testJ7_textsAreNeitherTrimmedNorNormalized() throws {
    let texts = [
      " both ends ", "\t\n\r", "e\u{301}", "\u{E9}", "ﬁ", "İ", "\u{202E}abc", "\u{200B}", "👨‍👩‍👧",
      "<script>", "\u{FEFF}x", "\u{7F}", "\u{1}", String(repeating: "x", count: 10_000), "",
    ]
    for text in texts {
      let body = try JSONEncoder().encode(["password": text])
      XCTAssertEqual(
        try fields(Array(body))["password"]?.bytes, Array(text.utf8))
    }
  }

  func testB17_largeKeysAndManyKeysAreRead() throws {
    let long = String(repeating: "k", count: 1_000_000)
    XCTAssertEqual(try fields(#"{"\#(long)":"x"}"#)[ForeignText(long)], "x")
    let many = (0..<20_000).map { #""k\#($0)":"\#($0)""# }.joined(separator: ",")
    XCTAssertEqual(try fields("{\(many)}")["k19999"], "19999")
  }
}
