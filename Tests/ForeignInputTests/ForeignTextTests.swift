import ForeignInput
import XCTest

final class ForeignTextTests: XCTestCase {
  /// All that Unicode has of these: equal to ASCII for `String`.
  private let lookalikes: [(String, ForeignText)] = [
    ("\u{37E}", ";"), ("\u{1FEF}", "`"), ("\u{212A}", "K"),
  ]

  func testQ2_whatIsCanonicallyEqualToASCIIIsNotASCII() {
    for (text, ascii) in lookalikes {
      XCTAssertEqual(text, ascii.latin1)
      XCTAssertNotEqual(ForeignText(text), ascii)
      XCTAssertNotEqual(ForeignText(text).latin1, ascii.latin1)
    }
  }

  func testQ2_noScalarOfLatin1IsEqualToAnother() {
    let texts = (0...255).map { ForeignText([UInt8($0)]).latin1 }
    XCTAssertEqual(Set(texts).count, 256)
    for text in texts { XCTAssertEqual(text.unicodeScalars.count, 1) }
  }

  func testBytesComeBackFromLatin1AsTheyWere() {
    let all = ForeignText(UInt8.min...UInt8.max)
    XCTAssertEqual(ForeignText(latin1: all.latin1), all)
    XCTAssertEqual(ForeignText(latin1: "plain").latin1, "plain")
    XCTAssertEqual(ForeignText(latin1: "日本"), ForeignText("日本"))
  }

  func testAStringIsMadeOfShortUTF8Alone() {
    XCTAssertEqual(ForeignText("é").string(limit: 2), "é")
    XCTAssertNil(ForeignText("é").string(limit: 1))
    XCTAssertNil(ForeignText([0xFF]).string(limit: 10))
    XCTAssertEqual(ForeignText("").string(limit: 0), "")
  }

  func testComposedAndDecomposedAreTwoTexts() {
    XCTAssertEqual("é", "e\u{301}")
    XCTAssertNotEqual(ForeignText("é"), ForeignText("e\u{301}"))
    XCTAssertEqual(Set([ForeignText("é"), ForeignText("e\u{301}")]).count, 2)
  }
}

final class BytesTests: XCTestCase {
  func testOnlyLettersAreEqualInAnyCase() {
    for same in ["bearer-1", "BEARER-1", "bEaReR-1"] {
      XCTAssertTrue(Array(same.utf8).isInAnyCase("bearer-1"), same)
    }
    for other in ["", "bearer-", "bearer-12", "bearer\r1", "bearer-\u{11}", "be\u{e4}rer-1"] {
      XCTAssertFalse(Array(other.utf8).isInAnyCase("bearer-1"), other)
    }
  }

  func testPartsAreBetweenSeparatorsAndMayBeEmpty() {
    func parts(_ text: String, _ limit: Int = .max) -> [String] {
      Array(text.utf8).parts(between: ";", atMost: limit).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    XCTAssertEqual(parts(""), [""])
    XCTAssertEqual(parts(";"), ["", ""])
    XCTAssertEqual(parts("a;b;;c"), ["a", "b", "", "c"])
    XCTAssertEqual(parts("a;b;c", 2), ["a", "b;c"])
    // A combining mark behind it makes another character of it, but not another byte.
    XCTAssertEqual(parts("a;\u{301}b"), ["a", "\u{301}b"])
    XCTAssertEqual(parts("a\u{37E}b"), ["a\u{37E}b"])
  }

  func testOnlySpacesAndTabsAtTheEndsAreTakenAway() {
    func trimmed(_ text: String) -> String {
      String(decoding: Array(text.utf8).withoutOuterBlanks, as: UTF8.self)
    }
    for (text, rest) in [
      ("", ""), (" ", ""), (" \t a b \t", "a b"), ("a", "a"), ("\na\n", "\na\n"),
      ("\u{A0}a\u{2003}", "\u{A0}a\u{2003}"),
    ] {
      XCTAssertEqual(trimmed(text), rest)
    }
  }

  func testOnlyASCIIIsLowered() {
    let text = "AZ@[az\u{C4}\u{212A}\u{130}"
    XCTAssertEqual(
      String(decoding: Array(text.utf8).lowercasedASCII, as: UTF8.self),
      "az@[az\u{C4}\u{212A}\u{130}")
  }
}
