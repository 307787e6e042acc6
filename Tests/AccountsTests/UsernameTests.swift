import Accounts
import XCTest

final class UsernameTests: XCTestCase {
  private func text(_ name: String) -> String? { Username(name)?.text }

  func testCaseDoesNotCount() {
    XCTAssertEqual(text("Alice"), "alice")
    XCTAssertEqual(Username("ALICE"), Username("alice"))
    XCTAssertEqual(Username("ÉMILE"), Username("émile"))
    XCTAssertEqual(Username("ΑΛΊΚΗ"), Username("αλίκη"))
  }

  func testJ8_composedAndDecomposedAreOneName() {
    XCTAssertEqual(text("e\u{301}mile")?.utf8.count, "\u{e9}mile".utf8.count)
    XCTAssertEqual(Username("e\u{301}mile"), Username("\u{e9}mile"))
    XCTAssertEqual(Username("E\u{301}mile"), Username("\u{e9}mile"))
  }

  func testJ8_turkishDottedIAndLigatureAreLettersOfTheirOwn() {
    XCTAssertEqual(text("I"), "i")
    XCTAssertNotEqual(Username("\u{130}stanbul"), Username("istanbul"))
    XCTAssertNotEqual(Username("\u{131}stanbul"), Username("istanbul"))
    XCTAssertNotEqual(Username("\u{fb01}nn"), Username("finn"))
  }

  func testJ8_invisibleCharactersAreRefused() {
    for scalar in [
      "\u{202e}", "\u{202d}", "\u{2066}", "\u{200e}", "\u{61c}",  // direction
      "\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{feff}", "\u{ad}",  // no width
      "\u{fe0f}", "\u{e0061}", "\u{115f}", "\u{3164}", "\u{180e}", "\u{34f}",  // ignorable
      "\0", "\n", "\r", "\t", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}",
      " ", "\u{a0}", "\u{3000}", "\u{e000}", "\u{378}", "\u{ffff}",
    ] {
      let code = scalar.unicodeScalars.map { String($0.value, radix: 16) }
      for name in ["a\(scalar)b", "\(scalar)ab", "ab\(scalar)"] {
        XCTAssertNil(Username(name), "\(code)")
      }
    }
  }

  func testA24_headerInjectionIsNoName() {
    XCTAssertNil(Username("a\r\nSet-Cookie: x"))
  }

  func testJ9_lookalikesAreOtherUsers() {
    XCTAssertNotEqual(Username("\u{430}dmin"), Username("admin"))
    XCTAssertNotNil(Username("\u{430}dmin"))
  }

  func testLengthIsOneToSixtyFourBytes() {
    XCTAssertNil(Username(""))
    XCTAssertNotNil(Username("a"))
    XCTAssertNotNil(Username(String(repeating: "a", count: 64)))
    XCTAssertNil(Username(String(repeating: "a", count: 65)))
    XCTAssertNil(Username(String(repeating: "a", count: 300)))
    XCTAssertNotNil(Username(String(repeating: "é", count: 32)))
    XCTAssertNil(Username(String(repeating: "é", count: 32) + "a"))
    XCTAssertNotNil(Username(String(repeating: "👍", count: 16)))
  }

  func testFoldingTwiceIsFoldingOnce() {
    for value in UInt32(0x21)...0x1ffff {
      guard let scalar = UnicodeScalar(value), scalar.properties.isCased,
        let once = Username(String(Character(scalar)))
      else { continue }
      XCTAssertEqual(Username(once.text), once, String(value, radix: 16))
    }
  }
}
