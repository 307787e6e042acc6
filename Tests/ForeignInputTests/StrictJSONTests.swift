import ForeignInput
import XCTest

final class StrictJSONTests: XCTestCase {
  private func object(_ text: String) -> [ForeignText: StrictJSON.Value]? {
    StrictJSON.object(Array(text.utf8))
  }

  func testMembersAreTextsTruthsNullsAndOthers() {
    XCTAssertEqual(
      object(
        #" {"a":"x\u00e9\u0000y\ud83d\ude00","b":null,"c":1,"d":[{}],"e":{"f":"g"},"":"","t":true,"u":false} "#
      ),
      [
        "a": .text(ForeignText("xé\0y😀")), "b": .null, "c": .other, "d": .other, "e": .other,
        "": .text(""), "t": .truth(true), "u": .truth(false),
      ])
    XCTAssertEqual(object("{}"), [:])
  }

  func testQ10_aNameThatComesTwiceMakesTheTextUnreadable() {
    for text in [
      #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"a":{"b":1,"b":2}}"#, #"{"a":[{"b":1,"b":1}]}"#,
    ] {
      XCTAssertNil(object(text), text)
      XCTAssertFalse(StrictJSON.isReadable(Array(text.utf8)), text)
    }
    // Canonically equal, and yet two names.
    XCTAssertEqual(object("{\"\u{37E}\":1,\";\":2}")?.count, 2)
    XCTAssertEqual(object("{\"é\":1,\"e\u{301}\":2}")?.count, 2)
  }

  func testQ10_whatIsNotOfTheGrammarIsUnreadable() {
    for text in [
      #"{"a":1,}"#, #"{"a":[1,]}"#, #"{,}"#, #"{"a" 1}"#, #"{a:1}"#, #"{'a':1}"#, #"{"a":01}"#,
      #"{"a":+1}"#, #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":NaN}"#, #"{"a":Infinity}"#,
      #"{"a":True}"#, #"{"a":1}}"#, #"{"a":1}{}"#, #"{"a":1} x"#, "{\"a\":\"\n\"}", #"{"a":"\x"}"#,
      #"{"a":"\ud800"}"#, #"{"a":"\udc00\ud800"}"#, #"{"a":"\ud800\u0041"}"#, "// c\n{}",
      "\u{FEFF}{}", "", " ", "null", "1", "\"a\"", "[]", #"{"a\u0000b":1}"#, #"{"a":1e999}"#,
    ] {
      XCTAssertNil(object(text), text)
    }
    for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x80]] as [[UInt8]] {
      XCTAssertNil(StrictJSON.object(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)))
    }
    XCTAssertNil(StrictJSON.object("{}".utf16.flatMap { [UInt8($0), 0] }))
  }

  func testB4_depthIsBounded() {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      for depth in [100_000, 2_049] {
        let text =
          #"{"a":"# + String(repeating: open, count: depth) + "1"
          + String(repeating: close, count: depth) + "}"
        XCTAssertNil(object(text))
        XCTAssertNil(object(String(text.prefix(depth))))
      }
    }
    XCTAssertNotNil(
      object(
        #"{"a":\#(String(repeating: "[", count: 1000))\#(String(repeating: "]", count: 1000))}"#))
  }
}
