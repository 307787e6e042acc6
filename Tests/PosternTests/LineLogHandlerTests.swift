import Foundation
import Logging
import XCTest

@testable import Postern

final class LineLogHandlerTests: XCTestCase {
  private func line(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
    LineLogHandler.line(
      at: Date(timeIntervalSince1970: 1_800_000_000.25), .warning, message, metadata)
  }

  func testLineHasTimeLevelMessageAndSortedPairs() {
    XCTAssertEqual(
      line("hello there", ["b": "2", "a": "1"]),
      "2027-01-15T08:00:00.250Z warning hello there a=1 b=2\n")
  }

  func testN2_whateverComesInStaysOnItsLineAndMovesNobodysEye() {
    for hostile in [
      "a\nb", "a\r\nb", "a\u{1b}[31mred", "a\u{202e}evil", "a\u{2066}b", "a\u{200b}b", "a\u{2028}b",
      "a\u{2029}b", "a\0b", "a\u{7f}b", "a\u{85}b", "a\u{9b}31m", "\u{feff}a", "a\tb", "a\u{8}b",
    ] {
      for text in [line("name", ["name": "\(hostile)"]), line(hostile)] {
        XCTAssertEqual(text.filter(\.isNewline), "\n", text)
        let body = text.dropLast().unicodeScalars
        XCTAssertFalse(
          body.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
          }, text)
        XCTAssertTrue(text.contains("a") && text.contains("\\"), text)
      }
    }
  }

  func testN2_longValuesAreCut() {
    let text = line("name", ["name": "\(String(repeating: "x", count: 1 << 20))", "z": "last"])
    XCTAssertLessThan(text.count, 700)
    XCTAssertTrue(text.hasSuffix(" z=last\n"))
  }

  func testN2_oneCharacterOfManyScalarsIsCutToo() {
    let zalgo = "e" + String(repeating: "\u{301}", count: 1 << 16)
    XCTAssertLessThan(line("name", ["name": "\(zalgo)"]).utf8.count, 8_192)
  }

  func testN2_valueCannotPassForAnotherPair() {
    let text = line("signed in", ["user": "x status=200", "quote": "a\" b=\"c"])
    XCTAssertTrue(text.contains(#"user="x status=200""#), text)
    XCTAssertTrue(text.contains(#"quote="a\" b=\"c""#), text)
    XCTAssertTrue(line("m", ["empty": ""]).hasSuffix(" empty=\"\"\n"))
  }

  func testN2_backslashBeforeAQuoteDoesNotEndTheValue() {
    XCTAssertTrue(
      line("m", ["v": #"a\" b=c"#]).hasSuffix(#" v="a\\\" b=c""# + "\n"),
      line("m", ["v": #"a\" b=c"#]))
  }

  func testOrdinaryTextOfAnyScriptIsLeftAsItIs() {
    XCTAssertTrue(line("grüße", ["name": "日本語😀"]).hasSuffix("grüße name=日本語😀\n"))
  }
}
