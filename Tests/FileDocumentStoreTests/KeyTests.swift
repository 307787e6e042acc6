import DocumentStore
import FileDocumentStore
import Foundation
import XCTest

/// F17: a key is never anything but the name of one file inside its collection.
final class KeyTests: StoreTestCase {
  /// Each a key of its own. Swift holds some of them for equal, so they are told by their bytes.
  private let keys = [
    "../x", "../../x", "/abs", "/etc/passwd", ".", "..", "...", "a", "A", "aa", "aA", "AA", "a ",
    " a", "a.", ".a", "a\0", "\0", "a\0b", "é", "e\u{301}", "ß", "SS", "ss", "ﬁ", "fi", "İ", "i",
    "I", "ı", "👍", "👨‍👩‍👧", "а", "x.tmp", "x.json", "x", ".lock", "lock", ".new-1", "con", "nul", "%",
    "%61", "%2e", "%2E", "a%", "a/b", "a\\b", "a\nb", "\u{202E}a", "\u{FEFF}a", "\"", "{", "*", "~",
    "-", "_", "-rf", "$HOME", String(repeating: "a", count: 64), String(repeating: "A", count: 64),
    String(repeating: "👍", count: 16), String(repeating: "\0", count: 64),
  ]

  func testF17_keysDoNotCollideAndAreReadBack() throws {
    let store = try store()
    for (number, key) in keys.enumerated() {
      XCTAssertNil(try store.read(Note.self, key), "\(key) collides")
      try store.update(Note.self, key) { $0 = Note(text: key, count: number) }
    }
    for (number, key) in keys.enumerated() {
      let note = try store.read(Note.self, key)
      XCTAssertEqual(note?.count, number, key)
      XCTAssertEqual(note.map { Array($0.text.utf8) }, Array(key.utf8))
    }
    XCTAssertEqual(
      Set(try store.keys(of: Note.self).map { Array($0.utf8) }), Set(keys.map { Array($0.utf8) }))
  }

  func testF17_filesLieTwoFoldersDeepAndNowhereElse() throws {
    let store = try store()
    for key in keys { try store.update(Note.self, key) { $0 = Note(text: key) } }
    let names = try files().filter { !$0.hasSuffix("/.lock") }
    XCTAssertEqual(names.count, keys.count)
    for name in names {
      let parts = name.split(separator: "/")
      XCTAssertEqual(parts.count, 4, name)
      XCTAssertEqual(parts.first, "store")
      XCTAssertEqual(parts[1], "notes")
      XCTAssertEqual(parts[2].count, 2)
      XCTAssertTrue(name.utf8.allSatisfy { 0x21..<0x7F ~= $0 }, name)
      XCTAssertEqual(name, name.lowercased(), "names that differ by case alone may collide")
      XCTAssertLessThanOrEqual(parts[3].utf8.count, 255)
    }
  }

  func testF17_keyOfOneTo64BytesIsValid() throws {
    let store = try store()
    let wrong = [
      "", String(repeating: "a", count: 65), String(repeating: "é", count: 33),
      String(repeating: "a", count: 300),
    ]
    for key in wrong {
      XCTAssertThrowsError(try store.read(Note.self, key)) {
        XCTAssertEqual($0 as? DocumentStoreError, .invalidKey)
      }
      XCTAssertThrowsError(try store.update(Note.self, key) { $0 = Note() }) {
        XCTAssertEqual($0 as? DocumentStoreError, .invalidKey)
      }
    }
    XCTAssertEqual(try files(), [])
  }

  func testF25_leftoversAreNoKeys() throws {
    let store = try store(holding: "a")
    let folder = URL(fileURLWithPath: try file("a")).deletingLastPathComponent().path
    try write([], to: "\(folder)/.new-1f")
    XCTAssertEqual(try store.keys(of: Note.self), ["a"])
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
    XCTAssertNoThrow(try store.update(Note.self, "a") { $0?.count = 1 })
  }
}
