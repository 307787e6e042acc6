import DocumentStore
import FileDocumentStore
import Foundation
import Glibc
import XCTest

/// The path of an open store leads elsewhere: nothing is written there, and nothing into the old
/// folder, which nobody else would see any longer.
final class MovedFolderTests: StoreTestCase {
  private var moved: String { "\(folder)/moved" }

  private func assertRefuses(
    _ store: FileDocumentStore, file: StaticString = #filePath, line: UInt = #line
  ) throws {
    let before = try files()
    let operations: [(String, () throws -> Void)] = [
      ("read", { _ = try store.read(Note.self, "a") }),
      ("read none", { _ = try store.read(Note.self, "z") }),
      ("update", { try store.update(Note.self, "a") { $0 = Note(count: 1) } }),
      ("add", { try store.update(Note.self, "z") { $0 = Note(count: 1) } }),
      ("keys", { _ = try store.keys(of: Note.self) }),
      ("leftovers", { _ = try store.removeLeftovers(of: Note.self) }),
    ]
    for (name, operation) in operations {
      XCTAssertThrowsError(try operation(), name, file: file, line: line) {
        guard case DocumentStoreError.unavailable(let reason) = $0 else {
          return XCTFail("\(name): \($0)", file: file, line: line)
        }
        XCTAssertTrue(reason.contains("restart postern"), reason, file: file, line: line)
        XCTAssertTrue(reason.contains(path), reason, file: file, line: line)
      }
    }
    XCTAssertEqual(try files(), before, file: file, line: line)
  }

  func testF16_nothingIsWrittenWhereThePathBecameALink() throws {
    let store = try store(holding: "a")
    rename(path, moved)
    mkdir("\(folder)/elsewhere", 0o700)
    symlink("\(folder)/elsewhere", path)
    try assertRefuses(store)
    XCTAssertEqual(try FileDocumentStore(path: moved).read(Note.self, "a"), Note(text: "a"))
    XCTAssertFalse(try files().contains { $0.hasPrefix("elsewhere/") })
  }

  func testF16_nothingIsWrittenWhereAFolderAboveBecameALink() throws {
    let parent = "\(folder)/parent"
    mkdir(parent, 0o700)
    let store = try FileDocumentStore(path: "\(parent)/store")
    try store.update(Note.self, "a") { $0 = Note(text: "a") }
    rename(parent, moved)
    try FileManager.default.createDirectory(
      atPath: "\(folder)/elsewhere/store", withIntermediateDirectories: true)
    symlink("\(folder)/elsewhere", parent)
    XCTAssertThrowsError(try store.update(Note.self, "a") { $0 = nil })
    XCTAssertFalse(try files().contains { $0.hasPrefix("elsewhere/store/") })
    XCTAssertEqual(
      try FileDocumentStore(path: "\(moved)/store").read(Note.self, "a"), Note(text: "a"))
  }

  func testF34_folderThatAnotherTookThePlaceOfIsRefused() throws {
    let store = try store(holding: "a")
    rename(path, moved)
    try assertRefuses(store)
    try FileManager.default.copyItem(atPath: moved, toPath: path)
    try assertRefuses(store)
    XCTAssertEqual(try self.store().read(Note.self, "a"), Note(text: "a"), "the restored one")
  }

  func testF34_folderThatIsBackAtItsPathServesAgain() throws {
    let store = try store(holding: "a")
    rename(path, moved)
    try assertRefuses(store)
    rename(moved, path)
    try store.update(Note.self, "a") { $0?.count = 1 }
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 1)
  }

  func testF34_linkThatLeadsToTheFolderIsItsPathToo() throws {
    symlink("\(folder)/store", "\(folder)/link")
    _ = try store(holding: "a")
    let store = try FileDocumentStore(path: "\(folder)/link")
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
    try store.update(Note.self, "a") { $0?.count = 1 }
    XCTAssertEqual(try self.store().read(Note.self, "a")?.count, 1)
  }
}
