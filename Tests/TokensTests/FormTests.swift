import Foundation
import TestSupport
import XCTest

@testable import Tokens

final class FormTests: XCTestCase {
  func testT12_anythingButThreePartsIsRefused() async throws {
    for forge in try await Forge.both() {
      let token = forge.token()
      let parts = token.split(separator: ".").map(String.init)
      let serialised =
        #"{"payload":"\#(parts[1])","protected":"\#(parts[0])","signature":"\#(parts[2])"}"#
      for text in [
        "", ".", "..", "...", "....", parts[0], "\(parts[0]).\(parts[1])", ".\(token)", "\(token).",
        "\(token).\(parts[2])", "\(token)...", "\(parts[0])..\(parts[2])",
        ".\(parts[1]).\(parts[2])",
        serialised, "Bearer \(token)",
      ] {
        XCTAssertNotNil(forge.refusal(of: text), text)
      }
      for text in ["", "..", parts[0], ".\(token)", "\(token).", "\(token)...", serialised] {
        XCTAssertEqual(forge.refusal(of: text), .malformed, text)
      }
    }
  }

  func testC5_blanksAndLookalikesAreRefused() async throws {
    for forge in try await Forge.both() {
      let token = forge.token()
      for text in [
        " \(token)", "\(token) ", "\(token)\n", "\t\(token)", "\(token)\0", "\"\(token)\"",
        token.replacing(".", with: "。"), token.replacing(".", with: "%2E"),
        token.replacing(".", with: ". "), "\u{FEFF}\(token)", token.uppercased(),
        token.lowercased(),
      ] {
        XCTAssertNotNil(forge.refusal(of: text), text)
      }
    }
  }

  func testT13_onlyTheCanonicalSpellingOfEachPartCounts() async throws {
    for forge in try await Forge.both() {
      var found: Set<Spelling> = []
      for number in 0..<40 {
        let header = forge.encodedHeader()
        let blanks = String(repeating: " ", count: number % 3)
        let claims = forge.encodedClaims(["jti": #""???>>>\#(number)"\#(blanks)"#])
        let signature = forge.token(
          claims: ["jti": #""???>>>\#(number)"\#(blanks)"#]
        ).split(separator: ".")[2]

        for (kind, text) in spellings(of: header) {
          XCTAssertNotNil(forge.refusal(of: forge.signed("\(text).\(claims)")), text)
          found.insert(kind)
        }
        for (kind, text) in spellings(of: claims) {
          XCTAssertNotNil(forge.refusal(of: forge.signed("\(header).\(text)")), text)
          found.insert(kind)
        }
        for (kind, text) in spellings(of: String(signature)) {
          XCTAssertNotNil(forge.refusal(of: "\(header).\(claims).\(text)"), text)
          found.insert(kind)
        }
        XCTAssertNil(forge.refusal(of: "\(header).\(claims).\(signature)"))
      }
      XCTAssertEqual(found, Set(Spelling.allCases))
    }
  }

  func testT13_bytesOutsideOfASCIIAreNoSpelling() {
    XCTAssertNotNil(Base64URL.decode("-_-_".utf8))
    for byte in UInt8(0x80)...0xff {
      for place in 0..<4 {
        var text = Array("AAAA".utf8)
        text[place] = byte
        XCTAssertNil(Base64URL.decode(text), "\(text)")
      }
    }
  }

  private enum Spelling: CaseIterable {
    case padded, plus, slash, blank, unusedBits
  }

  /// Other texts that a lenient decoder takes for the same bytes.
  private func spellings(of text: String) -> [(Spelling, String)] {
    var texts: [(Spelling, String)] = [
      (.blank, text + "\n"), (.blank, text + " "), (.blank, "\r\n" + text),
      (.padded, text + "="), (.padded, text + "=="),
    ]
    if text.contains("-") { texts.append((.plus, text.replacing("-", with: "+"))) }
    if text.contains("_") { texts.append((.slash, text.replacing("_", with: "/"))) }
    let unused = [0, 0, 4, 2][text.count % 4]
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    if unused > 0, let last = text.last.flatMap(alphabet.firstIndex(of:)) {
      for bits in 1..<(1 << unused) {
        texts.append((.unusedBits, text.dropLast() + String(alphabet[last ^ bits])))
      }
    }
    return texts
  }

  func testC4_longTokensAreRefusedUnread() async throws {
    for forge in try await Forge.both() {
      for size in [64 << 10, 1 << 20] {
        let filler = String(repeating: "x", count: size)
        XCTAssertEqual(
          forge.refusal(of: forge.token(claims: ["filler": #""\#(filler)""#])), .malformed)
        XCTAssertEqual(forge.refusal(of: filler), .malformed)
        XCTAssertEqual(forge.refusal(of: String(repeating: ".", count: size)), .malformed)
      }
      let largest = String(repeating: "x", count: 2000)
      XCTAssertNil(forge.refusal(of: forge.token(claims: ["filler": #""\#(largest)""#])))
    }
  }
}
