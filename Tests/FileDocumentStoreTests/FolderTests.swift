import DocumentStore
import FileDocumentStore
import Foundation
import Glibc
import SystemCalls
import XCTest

/// The store's folder: whose it may be, and what modes things in it have.
final class FolderTests: StoreTestCase {
  func testF11_folderThatOthersMayWriteToIsRefused() throws {
    for mode: mode_t in [0o777, 0o1777, 0o770, 0o702, 0o720] {
      mkdir(path, 0o700)
      chmod(path, mode)
      XCTAssertThrowsError(try store(), String(mode, radix: 8)) {
        guard case DocumentStoreError.unavailable = $0 else { return XCTFail("\($0)") }
        XCTAssertTrue("\($0)".hasPrefix("\(path): can be written to by others"), "\($0)")
      }
    }
    for mode: mode_t in [0o700, 0o750, 0o755] {
      chmod(path, mode)
      XCTAssertNoThrow(try store(), String(mode, radix: 8))
    }
  }

  func testF11_folderThatCannotBeIsRefused() throws {
    try write([], to: path)
    for (path, code) in [(path, ENOTDIR), ("\(path)/x", ENOTDIR), ("\(folder)/a/b", ENOENT)] {
      XCTAssertThrowsError(try FileDocumentStore(path: path)) {
        guard case DocumentStoreError.unavailable(let reason) = $0 else {
          return XCTFail("\($0)")
        }
        XCTAssertTrue(reason.hasPrefix("\(path): "), reason)
        XCTAssertTrue(reason.hasSuffix(String(cString: strerror(code))), reason)
      }
    }
  }

  func testF11_folderThatIsGoneIsAnErrorAndNothingIsWritten() throws {
    let store = try store(holding: "a")
    try FileManager.default.removeItem(atPath: path)
    XCTAssertThrowsError(try store.update(Note.self, "a") { $0 = Note() }) {
      guard case DocumentStoreError.unavailable = $0 else { return XCTFail("\($0)") }
    }
    XCTAssertEqual(try files(), [])
  }

  func testF28_everythingIsForItsOwnerAloneWhateverTheUmask() throws {
    for mask: mode_t in [0o000, 0o022, 0o077] {
      let old = umask(mask)
      defer { umask(old) }
      try store(holding: "a", "b").update(Note.self, "a") { $0?.count = 1 }
      XCTAssertEqual(try System.status(ofPath: path).map { $0.st_mode & 0o7777 }, 0o700)
      for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
        let mode = try XCTUnwrap(System.status(ofPath: "\(path)/\(name)")).st_mode
        XCTAssertEqual(mode & 0o7777, mode & S_IFMT == S_IFDIR ? 0o700 : 0o600, name)
      }
      try FileManager.default.removeItem(atPath: path)
    }
  }
}
