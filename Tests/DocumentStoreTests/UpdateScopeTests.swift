import DocumentStore
import XCTest

final class UpdateScopeTests: XCTestCase {
  private struct Note: Document {
    static let collection = "notes"
  }

  func testMistakeIsNamedWithItsCollection() {
    XCTAssertThrowsError(try UpdateScope.run(Note.self) { try UpdateScope.run(Note.self) {} }) {
      XCTAssertEqual("\($0)", "a mistake in the program: an update of notes within another")
    }
  }

  func testOneUpdateAfterAnotherAndOnAnotherThreadIsNone() throws {
    try UpdateScope.run(Note.self) {}
    try UpdateScope.run(Note.self) {
      let end = expectation(description: "other thread")
      Thread.detachNewThread {
        XCTAssertNotNil(try? UpdateScope.run(Note.self) {})
        end.fulfill()
      }
      wait(for: [end], timeout: 30)
    }
  }

  func testUpdateThatThrowsHasEnded() throws {
    struct Refusal: Error {}
    XCTAssertThrowsError(try UpdateScope.run(Note.self) { throw Refusal() })
    XCTAssertNoThrow(try UpdateScope.run(Note.self) {})
  }
}
