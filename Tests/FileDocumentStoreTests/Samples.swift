import DocumentStore
import FileDocumentStore
import Foundation
import SystemCalls
import TestSupport
import XCTest

/// A document to try the store with.
struct Note: Document {
  static let collection = "notes"
  var text = ""
  var count = 0
}

/// A store in a folder of the test's own.
class StoreTestCase: TemporaryFolderTestCase {
  /// The store's folder, which the store makes itself.
  var path: String { "\(folder)/store" }

  func store(lockTimeout: Duration = .seconds(30)) throws -> FileDocumentStore {
    try FileDocumentStore(path: path, lockTimeout: lockTimeout)
  }

  /// The store with a note under each of these keys, whose text is its key.
  func store(holding first: String, _ others: String...) throws -> FileDocumentStore {
    let store = try store()
    for key in [first] + others { try store.update(Note.self, key) { $0 = Note(text: key) } }
    return store
  }

  /// The file of a note whose key needs no encoding.
  func file(_ key: String) throws -> String {
    "\(path)/" + (try XCTUnwrap(files().first { $0.hasSuffix("/\(key).json") }).dropFirst(6))
  }

  func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// A new file each time: cutting an old one short waits for the disk on some file systems.
  func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    unlink(path)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// Asserts that neither reading nor changing the note goes, and that both say it is damaged.
  func assertDamaged(
    _ store: FileDocumentStore, _ key: String, _ message: String = "",
    file: StaticString = #filePath, line: UInt = #line
  ) {
    for operation in ["read", "update", "remove"] {
      XCTAssertThrowsError(
        try {
          switch operation {
          case "read": _ = try store.read(Note.self, key)
          case "update": try store.update(Note.self, key) { $0 = Note(text: "new") }
          default: try store.update(Note.self, key) { $0 = nil }
          }
        }(), "\(operation) \(message)", file: file, line: line
      ) {
        guard case DocumentStoreError.damaged = $0 else {
          return XCTFail("\(operation) \(message): \($0)", file: file, line: line)
        }
      }
    }
  }
}
