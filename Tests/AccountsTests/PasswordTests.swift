import XCTest

@testable import Accounts

final class PasswordTests: XCTestCase {
  func testD4_oneTo1024Bytes() {
    XCTAssertNil(Password(""))
    for size in [1, 64, 128, 1023, 1024] {
      XCTAssertEqual(Password(String(repeating: "a", count: size))?.bytes.count, size)
    }
    for size in [1025, 4096, 1 << 20] {
      XCTAssertNil(Password(String(repeating: "a", count: size)))
    }
    XCTAssertNotNil(Password(String(repeating: "é", count: 512)))
    XCTAssertNil(Password(String(repeating: "é", count: 512) + "a"))
  }

  func testJ7_everyByteIsKept() throws {
    for text in [
      " lead", "trail ", "\t\n\r", "a\0b", "\0", "\u{1b}[31m", "👨‍👩‍👧", "\u{202e}abc", "ﬁ", "\u{feff}x",
    ] {
      XCTAssertEqual(try XCTUnwrap(Password(text)).bytes, Array(text.utf8))
    }
  }

  func testJ8_composedAndDecomposedAreOnePassword() {
    XCTAssertEqual(Password("cafe\u{301}")?.bytes, Array("caf\u{e9}".utf8))
    XCTAssertNotEqual(Password("\u{fb01}")?.bytes, Password("fi")?.bytes)
  }

  func testN5_neverPrintsItself() throws {
    let password = try XCTUnwrap(Password("canary"))
    var dumped = ""
    dump(password, to: &dumped)
    for text in ["\(password)", String(reflecting: password), "\([password])", dumped] {
      XCTAssertFalse(text.contains("canary"), text)
      XCTAssertFalse(text.contains("99"), text)
    }
  }
}
