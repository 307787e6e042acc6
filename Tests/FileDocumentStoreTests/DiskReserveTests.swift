import DocumentStore
import Foundation
import SystemCalls
import TestSupport
import XCTest

@testable import FileDocumentStore

/// The last of the disk is for the documents that are there.
final class DiskReserveTests: StoreTestCase {
  private struct Bounded: Document {
    static let collection = "bounded"
    static let mayUseReserve = true
    var count = 0
  }

  private func assertFull(
    _ body: @autoclosure () throws -> Void, file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertThrowsError(try body(), file: file, line: line) {
      guard case DocumentStoreError.full = $0 else {
        return XCTFail("\($0)", file: file, line: line)
      }
    }
  }

  /// Its tenth is 104,857 bytes.
  private func onSmallDisk(_ body: (_ filler: FileDescriptor) throws -> Void) throws {
    mkdir(path, 0o700)
    try XCTSkipUnless(try mountSmallDisk(path, size: "1m"), "only root may mount a small disk")
    defer { unmount(path) }
    try body(try System.open("\(path)/filler", O_WRONLY | O_CREAT, mode: 0o600))
  }

  private func store(reserve size: Int, interval: Duration = .zero) throws -> FileDocumentStore {
    try FileDocumentStore(path: path, reserve: DiskReserve(size: size, interval: interval))
  }

  /// Leaves so many bytes of the disk free.
  private func fill(_ file: FileDescriptor, leaving bytes: Int) throws {
    let free = try System.freeSpace(of: file).bytes.free
    try System.write([UInt8](repeating: 0, count: free - bytes), to: file)
  }

  func testF35_belowTheReserveNewDocumentsAreRefusedAndThoseThatAreThereAreChanged() throws {
    try onSmallDisk { filler in
      let store = try store(reserve: 80 << 10)
      for _ in 0..<2 {
        try store.update(Note.self, "old") { $0 = Note(count: ($0?.count ?? 0) + 1) }
      }
      try fill(filler, leaving: 80 << 10)
      XCTAssertNoThrow(try store.requireRoom())
      try store.update(Note.self, "last") { $0 = Note() }
      try fill(filler, leaving: 72 << 10)
      assertFull(try store.requireRoom())
      let before = try files().filter { !$0.hasSuffix(".lock") }
      assertFull(try store.update(Note.self, "new") { $0 = Note() })
      XCTAssertEqual(try files().filter { !$0.hasSuffix(".lock") }, before)
      XCTAssertNil(try store.read(Note.self, "new"))
      XCTAssertNoThrow(try store.update(Bounded.self, "new") { $0 = Bounded() })
      // Down to the last block: its spare file is there.
      try fill(filler, leaving: 0)
      try store.update(Note.self, "old") { $0?.count += 1 }
      XCTAssertEqual(try store.read(Note.self, "old")?.count, 3)
      try store.update(Note.self, "last") { $0 = nil }
      try System.truncate(filler)
      XCTAssertNoThrow(try store.requireRoom())
      try store.update(Note.self, "new") { $0 = Note() }
    }
  }

  func testF35_aSmallDiskKeepsNoMoreThanATenth() throws {
    try onSmallDisk { filler in
      let store = try store(reserve: 64 << 20)
      XCTAssertNoThrow(try store.requireRoom())
      try fill(filler, leaving: 108 << 10)
      XCTAssertNoThrow(try store.requireRoom())
      try fill(filler, leaving: 100 << 10)
      assertFull(try store.requireRoom())
    }
  }

  func testF35_noReserveIsNoCheck() throws {
    try onSmallDisk { filler in
      let store = try store(reserve: 0)
      try fill(filler, leaving: 0)
      XCTAssertNoThrow(try store.requireRoom())
    }
  }

  /// A document takes a file, too, and some disks run out of these first.
  func testF35_filesThatRunOutCountAsRoomThatRunsOut() {
    let reserve = DiskReserve(size: 64 << 20)
    let bytes = FreeSpace.Share(free: 1 << 30, all: 1 << 34)
    func isShort(_ free: Int, of all: Int) -> Bool {
      reserve.isShort(FreeSpace(bytes: bytes, files: .init(free: free, all: all)))
    }
    XCTAssertFalse(isShort(16_384, of: 1 << 20))
    XCTAssertTrue(isShort(16_383, of: 1 << 20))
    XCTAssertFalse(isShort(100, of: 1_000))
    XCTAssertTrue(isShort(99, of: 1_000))
    XCTAssertFalse(reserve.isShort(FreeSpace(bytes: bytes, files: nil)))
    XCTAssertTrue(
      reserve.isShort(FreeSpace(bytes: .init(free: 64 << 20 - 1, all: 1 << 34), files: nil)))
  }

  /// A sign-in must not cost a system call more.
  func testTheFileSystemIsAskedOnceInAnInterval() throws {
    try onSmallDisk { filler in
      let store = try store(reserve: 64 << 10, interval: .seconds(3600))
      XCTAssertNoThrow(try store.requireRoom())
      try fill(filler, leaving: 0)
      XCTAssertNoThrow(try store.requireRoom())
      assertFull(try self.store(reserve: 64 << 10).requireRoom())
    }
  }
}
