import Foundation
import Glibc
import Synchronization
import SystemCalls
import TestSupport
import XCTest

@testable import Postern

final class PIDFileTests: TemporaryFolderTestCase {
  private var path: String { "\(folder)/postern.pid" }
  private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
  private func take() throws -> PIDFile? { try PIDFile.take(in: OwnFolder(folder)) }
  private func replace() throws -> PIDFile { try PIDFile.replace(in: OwnFolder(folder)) }

  private func write(_ text: String, mode: mode_t) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, mode)
  }

  func testHoldsThePIDOfThisProcessAndIsRemoved() throws {
    let file = try XCTUnwrap(take())
    XCTAssertEqual(try text(), "\(getpid())\n")
    file.remove()
    XCTAssertEqual(try files(), [])
  }

  func testH13_secondOneIsRefusedAndLeavesTheFirstAlone() throws {
    let first = try take()
    XCTAssertThrowsError(try take()) { error in
      XCTAssertEqual("\(error)", "another postern is running: \(path) is locked")
    }
    XCTAssertEqual(try text(), "\(getpid())\n")
    first?.remove()
  }

  func testFileThatADeadProcessLeftBehindIsTakenOver() throws {
    try write("99999999999999\n", mode: 0o600)
    let file = try XCTUnwrap(take())
    XCTAssertEqual(try text(), "\(getpid())\n")
    file.remove()
  }

  func testQ7_onlyItsOwnerMayOpenItWhateverTheUmask() throws {
    for mask: mode_t in [0o000, 0o022, 0o077, 0o777] {
      let old = umask(mask)
      defer { umask(old) }
      let file = try take()
      XCTAssertEqual(try System.status(ofPath: path).map { $0.st_mode & 0o7777 }, 0o600)
      file?.remove()
    }
  }

  func testQ7_fileThatOthersMayHaveLockedIsReplacedAndItsLockSaysNothing() throws {
    for mode: mode_t in [0o644, 0o640, 0o660, 0o604, 0o666] {
      try write("1\n", mode: mode)
      let stranger = try System.open(path, O_RDONLY)
      XCTAssertTrue(try System.tryLock(stranger))

      XCTAssertNil(try take(), String(mode, radix: 8))
      XCTAssertEqual(try text(), "1\n")
      let file = try replace()
      let status = try XCTUnwrap(System.status(ofPath: path))
      XCTAssertEqual(status.st_mode & 0o7777, 0o600)
      XCTAssertNotEqual(status.st_ino, try System.status(of: stranger).st_ino)
      XCTAssertEqual(try text(), "\(getpid())\n")
      XCTAssertThrowsError(try take())
      file.remove()
    }
  }

  func testQ7_fileOfAnotherUserIsReplaced() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can give files away")
    try write("1\n", mode: 0o600)
    chown(path, 65534, 65534)
    XCTAssertNil(try take())
    let file = try replace()
    XCTAssertEqual(try System.status(ofPath: path)?.st_uid, 0)
    file.remove()
  }

  func testQ7_fileThatIsNoLongerOursIsNotRemoved() throws {
    let file = try take()
    unlink(path)
    try write("2\n", mode: 0o600)
    file?.remove()
    XCTAssertEqual(try text(), "2\n")
  }

  func testH13_ofManyThatComeAndGoAtMostOneHasIt() throws {
    let folder = try OwnFolder(folder)
    let holders = Atomic(0)
    let taken = onThreads(8) { _ in
      (0..<500).reduce(0) { count, _ in
        guard let file = try? PIDFile.take(in: folder) else { return count }
        XCTAssertEqual(holders.add(1, ordering: .sequentiallyConsistent).newValue, 1)
        usleep(50)
        holders.subtract(1, ordering: .sequentiallyConsistent)
        file.remove()
        return count + 1
      }
    }
    XCTAssertGreaterThan(taken.reduce(0, +), 0)
    XCTAssertEqual(try files(), [])
  }

  func testH14_linkFolderAndPipeAreRefusedAndLeftAlone() throws {
    let target = "\(folder)/precious"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: target))
    for make in [
      { symlink(target, self.path) }, { symlink("\(self.folder)/none", self.path) },
      { mkdir(self.path, 0o700) }, { mkfifo(self.path, 0o600) },
    ] {
      XCTAssertEqual(make(), 0)
      let before = try System.status(ofPath: path)?.st_ino
      XCTAssertThrowsError(try take()) {
        XCTAssertEqual("\($0)", "there is something else than a file at \(path)")
      }
      XCTAssertEqual(try System.status(ofPath: path)?.st_ino, before)
      XCTAssertEqual(try String(contentsOfFile: target, encoding: .utf8), "precious")
      try FileManager.default.removeItem(atPath: path)
    }
    XCTAssertEqual(try files(), ["precious"])
  }
}
