import DocumentStore
import FileDocumentStore
import Foundation
import Glibc
import SystemCalls
import TestSupport
import XCTest

/// A write that does not fit: the old document stays, and nothing else is left behind.
final class FullDiskTests: StoreTestCase {
  private let large = Note(text: String(repeating: "x", count: 20_000), count: 1)

  private func assertFails(
    _ store: FileDocumentStore, with code: Int32, file: StaticString = #filePath,
    line: UInt = #line
  ) throws {
    let before = try files()
    XCTAssertThrowsError(
      try store.update(Note.self, "a") { $0 = large }, file: file, line: line
    ) {
      guard case DocumentStoreError.unavailable(let reason) = $0 else {
        return XCTFail("\($0)", file: file, line: line)
      }
      let cause = SystemCallError(call: "write", code: code)
      XCTAssertTrue(reason.hasSuffix("/a.json: \(cause)"), reason, file: file, line: line)
    }
    XCTAssertEqual(try files(), before, file: file, line: line)
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"), file: file, line: line)
  }

  func testF6_fullDiskLeavesTheOldDocumentAndNothingElse() throws {
    mkdir(path, 0o700)
    try XCTSkipUnless(try mountSmallDisk(path, size: "64k"), "only root may mount a small disk")
    defer { unmount(path) }
    let store = try store(holding: "a")
    // The free 48 KiB take the old document and no second copy of the large one behind a filler.
    let filler = try System.open("\(path)/filler", O_WRONLY | O_CREAT, mode: 0o600)
    XCTAssertThrowsError(try System.write([UInt8](repeating: 0, count: 1 << 20), to: filler)) {
      XCTAssertEqual(($0 as? SystemCallError)?.code, ENOSPC)
    }
    try assertFails(store, with: ENOSPC)

    // Room for a part of it: the first write is short, the second fails.
    XCTAssertEqual(ftruncate(filler.number, 44 * 1024), 0)
    try assertFails(store, with: ENOSPC)

    try System.truncate(filler)
    try store.update(Note.self, "a") { $0 = large }
    XCTAssertEqual(try store.read(Note.self, "a"), large)
  }

  func testF33_fileSizeLimitLeavesTheOldDocumentAndNothingElse() throws {
    System.ignoreWriteSignals()
    let store = try store(holding: "a")
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    var old = rlimit()
    getrlimit(resource, &old)
    var small = rlimit(rlim_cur: 4_096, rlim_max: old.rlim_max)
    setrlimit(resource, &small)
    defer { setrlimit(resource, &old) }
    try assertFails(store, with: EFBIG)
    setrlimit(resource, &old)
    XCTAssertNoThrow(try store.update(Note.self, "a") { $0 = large })
  }
}
