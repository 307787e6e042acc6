import DocumentStore
import Foundation
import XCTest

final class DocumentCoderTests: XCTestCase {
  private struct Note: Document {
    static let collection = "notes"
    var text = "a/b"
    var date = Date(timeIntervalSince1970: 1.5)
    var missing: Int?
  }

  func testDocumentsAreJSONWithSortedKeysAndSecondsSince1970() throws {
    XCTAssertEqual(
      String(decoding: try DocumentCoder.encode(Note(), key: "a"), as: UTF8.self),
      #"{"date":1.5,"text":"a/b"}"#)
  }

  func testWhatIsTooLargeIsToldByItsNameAndSizeAndNotItsContents() throws {
    let note = Note(text: String(repeating: "canary", count: 200_000))
    XCTAssertThrowsError(try DocumentCoder.encode(note, key: "alice")) {
      XCTAssertEqual("\($0)", "notes/alice: 1200022 bytes, and a document may have 1048576")
    }
  }
}
