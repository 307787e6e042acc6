import DocumentStore
import FileDocumentStore
import Foundation
import SystemCalls
import XCTest

final class RoundTripTests: StoreTestCase {
  private struct Refusal: Error {}

  private struct Rich: Document {
    static let collection = "rich"
    var date = Date(timeIntervalSince1970: 1_800_000_000.123_456)
    var text = "é \0 / \" \u{2028} 👍 e\u{301}"
    var list: [Int?] = [1, nil, .min, .max]
    var inner: [String: Bool] = ["b": true, "a": false]
  }

  func testMissingDocumentIsNil() throws {
    XCTAssertNil(try store().read(Note.self, "a"))
    XCTAssertEqual(try store().keys(of: Note.self), [])
    XCTAssertEqual(try files(), [])
  }

  func testWrittenDocumentIsReadByAnotherStoreToo() throws {
    try store().update(Note.self, "a") { $0 = Note(text: "x", count: 1) }
    XCTAssertEqual(try store().read(Note.self, "a"), Note(text: "x", count: 1))
    XCTAssertNil(try store().read(Note.self, "b"))
  }

  func testEveryValueComesBackAsItWas() throws {
    let store = try store()
    try store.update(Rich.self, "a") { $0 = Rich() }
    let rich = try XCTUnwrap(store.read(Rich.self, "a"))
    XCTAssertEqual(rich, Rich())
    XCTAssertEqual(Array(rich.text.utf8), Array(Rich().text.utf8))
  }

  func testUpdateSeesTheDocumentAndReturnsWhatTheChangeReturns() throws {
    let store = try store(holding: "a")
    let text = try store.update(Note.self, "a") { note in
      note?.count = 7
      return note?.text
    }
    XCTAssertEqual(text, "a")
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a", count: 7))
  }

  func testNilRemovesTheDocument() throws {
    let store = try store(holding: "a", "b")
    try store.update(Note.self, "a") { $0 = nil }
    XCTAssertNil(try store.read(Note.self, "a"))
    XCTAssertEqual(try store.keys(of: Note.self), ["b"])
    try store.update(Note.self, "a") { $0 = nil }
    XCTAssertNil(try store.read(Note.self, "a"))
  }

  func testUnchangedDocumentIsNotWritten() throws {
    let store = try store(holding: "a")
    let before = try System.status(ofPath: file("a"))
    try store.update(Note.self, "a") { $0 = Note(text: "a") }
    XCTAssertEqual(try System.status(ofPath: file("a"))?.st_ino, before?.st_ino)
    try store.update(Note.self, "a") { $0?.count = 1 }
    XCTAssertNotEqual(try System.status(ofPath: file("a"))?.st_ino, before?.st_ino)
  }

  func testNothingIsWrittenWhenTheChangeThrows() throws {
    let store = try store(holding: "a")
    let before = try System.status(ofPath: file("a"))
    XCTAssertThrowsError(
      try store.update(Note.self, "a") {
        $0 = nil
        throw Refusal()
      }
    ) { XCTAssert($0 is Refusal) }
    XCTAssertEqual(try System.status(ofPath: file("a"))?.st_ino, before?.st_ino)
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
  }

  func testLockIsGivenBackWhenTheChangeThrows() throws {
    let store = try store(lockTimeout: .zero)
    XCTAssertThrowsError(try store.update(Note.self, "a") { _ in throw Refusal() })
    XCTAssertNoThrow(try store.update(Note.self, "a") { $0 = Note() })
  }

  func testNothingLiesBesideDocumentsAndLocksButOneSpareFileOfEachThatWasChanged() throws {
    let store = try store(holding: "a", "b", "c")
    for count in 1...20 { try store.update(Note.self, "a") { $0?.count = count } }
    XCTAssertEqual(
      try files().map { URL(fileURLWithPath: $0).lastPathComponent }.filter { $0 != ".lock" }
        .sorted(),
      [".spare-a.json", "a.json", "b.json", "c.json"])
  }

  func testKeysAreThoseOfOneCollection() throws {
    let store = try store(holding: "a", "b")
    try store.update(Rich.self, "c") { $0 = Rich() }
    XCTAssertEqual(try store.keys(of: Note.self).sorted(), ["a", "b"])
    XCTAssertEqual(try store.keys(of: Rich.self), ["c"])
  }

  func testFileIsOneLineOfJSONThatSaysItsKeyAndVersion() throws {
    _ = try store(holding: "a")
    let data = Data(try bytes(file("a")))
    let object = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
    XCTAssertEqual(Set(object.keys), ["version", "key", "sha256", "document"])
    XCTAssertEqual(object["version"] as? Int, 1)
    XCTAssertEqual(object["key"] as? String, "a")
    XCTAssertEqual(data.filter { $0 == 0x0A }.count, 1)
  }

}
