import Foundation
import Glibc
import SystemCalls
import TestSupport
import XCTest

final class OwnFolderTests: TemporaryFolderTestCase {
  private var path: String { "\(folder)/a/own" }
  private var above: String { "\(folder)/a" }

  override func setUpWithError() throws {
    try super.setUpWithError()
    try System.makeFolder(above)
    try System.makeFolder(path)
  }

  /// Why the folder is not ours; `nil` where it is.
  private func reason() throws -> String? {
    do {
      _ = try OwnFolder(path)
      return nil
    } catch OwnFolderError.shared(let path, let reason) {
      XCTAssertEqual(path, self.path)
      return reason
    }
  }

  func testF11_folderThatOthersMayWriteToIsNotOurs() throws {
    for mode: mode_t in [0o777, 0o1777, 0o770, 0o702, 0o720] {
      chmod(path, mode)
      XCTAssertEqual(
        try reason(), "can be written to by others (mode 0\(String(mode, radix: 8)))")
    }
    for mode: mode_t in [0o700, 0o750, 0o755, 0o500] {
      chmod(path, mode)
      XCTAssertNil(try reason())
    }
  }

  func testF11_folderOfAnotherUserIsNotOurs() throws {
    try skipUnlessRoot()
    chown(path, 65534, 0)
    XCTAssertEqual(try reason(), "belongs to another user (uid 65534)")
  }

  func testF16_folderThatAllMaySwapIsNotOurs() throws {
    chmod(above, 0o777)
    let place = URL(fileURLWithPath: above).resolvingSymlinksInPath().path
    XCTAssertEqual(
      try reason(), "could be swapped for another: all may write to \(place) (mode 0777)")
    chmod(above, 0o1777)
    XCTAssertNil(try reason(), "nobody else may rename it there")
    chmod(above, 0o770)
    XCTAssertNil(try reason(), "umask 002 is common")
  }

  func testF16_folderBelowOneThatAStrangerMayHavePutThereIsNotOurs() throws {
    try skipUnlessRoot()
    chown(above, 65534, 65534)
    XCTAssertNil(try reason(), "somebody who may write there has put it there")
    chmod(folder, 0o1777)
    XCTAssertEqual(
      try reason(),
      "could be swapped for another: \(above) belongs to another user (uid 65534)")
  }

  func testF16_linkCountsAsWhatItLeadsTo() throws {
    let link = "\(folder)/link"
    XCTAssertEqual(symlink(path, link), 0)
    XCTAssertNoThrow(try OwnFolder(link))
    chmod(path, 0o777)
    XCTAssertThrowsError(try OwnFolder(link))
    chmod(path, 0o700)
    chmod(above, 0o777)
    XCTAssertThrowsError(try OwnFolder(link))
  }

  func testFolderThatCannotBeOpenedSaysWhy() throws {
    let file = "\(folder)/file"
    try Data().write(to: URL(fileURLWithPath: file))
    for (path, code) in [(file, ENOTDIR), ("\(folder)/none", ENOENT)] {
      XCTAssertThrowsError(try OwnFolder(path)) {
        guard case OwnFolderError.failed(let error, path) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(error.code, code)
        XCTAssertTrue("\($0)".hasPrefix("\(path): "), "\($0)")
      }
    }
  }

  func testRootAndTheTemporaryFolderAreAboveOurs() throws {
    XCTAssertNoThrow(try OwnFolder(folder))
    chdir(folder)
    defer { chdir("/") }
    XCTAssertNoThrow(try OwnFolder("a/own"))
    XCTAssertNoThrow(try OwnFolder("./a/own/../own/"))
  }

  private func skipUnlessRoot() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can give folders away")
  }
}
