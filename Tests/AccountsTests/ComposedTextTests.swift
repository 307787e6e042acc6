import Foundation
import XCTest

@testable import Accounts

/// What must hold of whatever composes names and passwords. As scalars: strings are equal however
/// they are composed.
final class ComposedTextTests: XCTestCase {
  private func scalars(_ text: String) -> [UnicodeScalar] { Array(text.unicodeScalars) }

  private func assert(
    _ text: String, becomes expected: String, line: UInt = #line
  ) {
    XCTAssertEqual(scalars(composed(text)), scalars(expected), line: line)
  }

  func testJ8_textIsInNormalizationFormC() {
    assert("", becomes: "")
    assert("plain ASCII, \0 too", becomes: "plain ASCII, \0 too")
    assert("e\u{301}", becomes: "\u{e9}")
    assert("\u{e9}", becomes: "\u{e9}")
    // Marks in their canonical order, composed as far as they can be.
    assert("s\u{307}\u{323}", becomes: "\u{1e69}")
    assert("d\u{307}\u{323}", becomes: "\u{1e0d}\u{307}")
    assert("a\u{302}\u{301}", becomes: "\u{1ea5}")
    // One that always stands for another, and one that is never composed.
    assert("\u{212b}", becomes: "\u{c5}")
    assert("\u{958}", becomes: "\u{915}\u{93c}")
    assert("\u{1112}\u{1161}\u{11ab}", becomes: "\u{d55c}")
    assert("\u{ac00}\u{11a8}", becomes: "\u{ac01}")
    // What only looks alike is not the same (that would be form KC).
    assert("\u{fb01}\u{2460}\u{ff21}", becomes: "\u{fb01}\u{2460}\u{ff21}")
  }

  /// Foundation has tables of its own. It takes U+10041 before an accent for an A, so it is asked of
  /// nothing but characters that are alone or come after others.
  func testJ8_everyCharacterIsComposedAsFoundationDoes() {
    for value in UInt32(0)...0x10ffff {
      guard let scalar = UnicodeScalar(value), scalar.properties.generalCategory != .unassigned
      else { continue }
      let text = String(Character(scalar))
      for text in [text, "a\u{301}" + text] {
        let expected = text.precomposedStringWithCanonicalMapping
        guard scalars(composed(text)) != scalars(expected) else { continue }
        XCTFail("\(scalars(text).map { String($0.value, radix: 16) })")
      }
    }
  }

  func testJ8_composingTwiceIsComposingOnce() {
    var generator = SystemRandomNumberGenerator()
    let marks = (UInt32(0x300)...0x36f).compactMap(UnicodeScalar.init)
    let letters = (UInt32(0x41)...0x24f).compactMap(UnicodeScalar.init)
    for _ in 0..<2_000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<8 {
        text.append((Bool.random() ? marks : letters).randomElement(using: &generator) ?? "a")
      }
      let once = composed(String(text))
      XCTAssertEqual(scalars(composed(once)), scalars(once), "\(scalars(String(text)))")
    }
  }
}
