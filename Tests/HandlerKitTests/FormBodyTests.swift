import ForeignInput
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// `application/x-www-form-urlencoded` (URL Standard §5.1).
final class FormBodyTests: XCTestCase {
  private func fields(_ body: [UInt8]) throws -> BodyFields {
    var request = Request.make(.post, "/login")
    request.headers[.contentType] = "application/x-www-form-urlencoded"
    request.body = body
    return try BodyFields(of: request, unparsable: "wrong")
  }

  private func text(_ body: String, _ name: String = "a") throws -> String? {
    try fields(Array(body.utf8))[ForeignText(name)]?.string(limit: 16_384)
  }

  func testPairsAreReadByName() throws {
    XCTAssertEqual(try text("username=alice&password=p", "username"), "alice")
    XCTAssertEqual(try text("username=alice&password=p", "password"), "p")
    XCTAssertNil(try text("username=alice", "password"))
  }

  func testPlusIsASpaceAndEscapesAreBytes() throws {
    XCTAssertEqual(try text("a=+x+y+"), " x y ")
    XCTAssertEqual(try text("a=%2B%26%3D%25"), "+&=%")
    XCTAssertEqual(try text("a=%f0%9F%91%8D"), "👍")
    XCTAssertEqual(try text("%61+b=c", "a b"), "c")
    XCTAssertEqual(try text("a=x%00y").map { Array($0.utf8) }, [0x78, 0, 0x79])
  }

  func testValueMayHoldEqualsSigns() throws {
    XCTAssertEqual(try text("a==b=c="), "=b=c=")
  }

  func testMissingValueIsEmpty() throws {
    XCTAssertEqual(try text("a"), "")
    XCTAssertEqual(try text("a="), "")
    XCTAssertEqual(try text("=b", ""), "b")
  }

  func testEmptyPairsAreNothing() throws {
    XCTAssertEqual(try text("&&a=b&&"), "b")
    XCTAssertFalse(try fields([]).contains(""))
  }

  func testBrokenEscapesAreRefused() {
    for body in ["a=%", "a=%4", "a=%4g", "a=%g4", "a=%%41", "%=b", "a=%+1", "a=%u0041"] {
      XCTAssertThrowsError(try text(body), body)
    }
  }

  func testB9_brokenUTF8IsRefused() {
    for body in ["a=%ff", "a=%c0%af", "a=%ed%a0%80", "%80=b"] {
      XCTAssertThrowsError(try text(body), body)
    }
    XCTAssertThrowsError(try fields(Array("a=".utf8) + [0xC3]))
  }

  func testNameGivenTwiceIsRefused() {
    for body in ["a=b&a=c", "a=b&a=b", "a&a", "a=b&%61=c"] {
      XCTAssertThrowsError(try text(body), body)
    }
  }

  func testJ7_textsAreUntouched() throws {
    for text in [" both ends ", "e\u{301}", "\u{E9}", "\r\n", "👨‍👩‍👧", "\u{FEFF}x", "a&b=c%d+e"] {
      let escaped = text.utf8.map { "%" + String($0, radix: 16).leftPadded }.joined()
      XCTAssertEqual(try self.text("a=\(escaped)").map { Array($0.utf8) }, Array(text.utf8))
    }
  }
}

extension String {
  fileprivate var leftPadded: String { count == 1 ? "0" + self : self }
}
