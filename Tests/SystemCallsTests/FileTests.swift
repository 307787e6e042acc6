import Foundation
import TestSupport
import XCTest

@testable import SystemCalls

final class FileTests: TemporaryFolderTestCase {
  private func root() throws -> FileDescriptor { try System.open(folder, O_RDONLY | O_DIRECTORY) }

  private func code(_ body: () throws -> Void) -> Int32? {
    do {
      try body()
      return nil
    } catch {
      return (error as? SystemCallError)?.code
    }
  }

  func testWrittenBytesAreReadUpToTheLimit() throws {
    let bytes = (0..<200_000).map { UInt8($0 % 251) }
    let file = try System.open("f", in: root(), O_RDWR | O_CREAT, mode: 0o600)
    try System.write(bytes, to: file)
    let again = try System.open("f", in: root(), O_RDONLY)
    XCTAssertEqual(try System.read(again, limit: 100), Array(bytes.prefix(100)))
    XCTAssertEqual(try System.read(again, limit: 1_000_000), Array(bytes.dropFirst(100)))
    XCTAssertEqual(try System.read(again, limit: 10), [])
    try System.truncate(file)
    XCTAssertEqual(try System.status(of: file).st_size, 0)
  }

  func testF14_lastNameIsNeverFollowedWhereItIsALink() throws {
    try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(folder)/target"))
    symlink("target", "\(folder)/link")
    XCTAssertEqual(code { _ = try System.open("link", in: root(), O_RDONLY) }, ELOOP)
    XCTAssertEqual(
      code { _ = try System.open("link", in: root(), O_WRONLY | O_CREAT, mode: 0o600) }, ELOOP)
  }

  func testF15_exclusiveCreationLeavesWhatIsThereAlone() throws {
    symlink("target", "\(folder)/link")
    let flags = O_WRONLY | O_CREAT | O_EXCL
    XCTAssertEqual(code { _ = try System.open("link", in: root(), flags, mode: 0o600) }, EEXIST)
    XCTAssertNil(try System.status(ofPath: "\(folder)/target"))
  }

  func testF21_everyDescriptorIsClosedInChildren() throws {
    let (read, write) = try System.pipe()
    let files = [
      try System.open(folder, O_RDONLY), try System.open(".", in: root(), O_RDONLY),
      try System.streamSocket(), read, write,
    ]
    for file in files { XCTAssertEqual(fcntl(file.number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC) }
    let queue = try SignalQueue([])
    XCTAssertEqual(fcntl(queue.descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC)
    let flag = try StopFlag()
    XCTAssertEqual(fcntl(flag.descriptor.number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC)
  }

  func testDescriptorIsClosedWithItsLastReference() throws {
    let number = try { try System.open(folder, O_RDONLY).number }()
    XCTAssertEqual(fcntl(number, F_GETFD), -1)
  }

  func testFolderThatIsThereStaysAndIsNoError() throws {
    try System.makeFolder("a", in: root())
    try System.makeFolder("a", in: root())
    try System.makeFolder("\(folder)/a")
    XCTAssertEqual(try System.status(ofPath: "\(folder)/a")?.st_mode, S_IFDIR | 0o700)
    XCTAssertEqual(code { try System.makeFolder("\(folder)/b/c") }, ENOENT)
  }

  func testLinkDoesNotReplaceWhatIsThere() throws {
    for name in ["a", "b"] {
      try Data(name.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    try System.link("a", to: "b", in: root())
    XCTAssertEqual(try String(contentsOfFile: "\(folder)/b", encoding: .utf8), "b")
    try System.rename("a", to: "b", in: root())
    XCTAssertEqual(try String(contentsOfFile: "\(folder)/b", encoding: .utf8), "a")
    XCTAssertEqual(code { try System.rename("a", to: "b", in: root()) }, ENOENT)
  }

  func testNamesAreAllButTheFoldersOwn() throws {
    for name in [".hidden", "é", "a b"] {
      try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    let root = try root()
    for _ in 0..<2 {
      XCTAssertEqual(try System.names(in: root).sorted(), [".hidden", "a b", "é"])
    }
    let file = try System.open("é", in: root, O_RDONLY)
    XCTAssertEqual(code { _ = try System.names(in: file) }, ENOTDIR)
  }

  func testF22_lockExcludesAnotherDescriptorOfTheSameFile() throws {
    let first = try System.open("f", in: root(), O_RDWR | O_CREAT, mode: 0o600)
    let second = try System.open("f", in: root(), O_RDWR)
    XCTAssertTrue(try System.tryLock(first))
    XCTAssertFalse(try System.tryLock(second))
    try System.unlock(first)
    XCTAssertTrue(try System.tryLock(second))
  }

  func testErrorSaysItsCallAndCause() {
    XCTAssertEqual(
      SystemCallError(call: "open", code: ENOENT).description, "open: No such file or directory")
  }

  func testInterruptedCallIsTriedAgainAndAnyOtherErrorIsNot() {
    var calls = 0
    let result = try? System.retrying("x") { () -> Int32 in
      calls += 1
      errno = EINTR
      return calls < 4 ? -1 : 9
    }
    XCTAssertEqual(result, 9)
    XCTAssertEqual(calls, 4)
    XCTAssertEqual(
      code {
        try System.retrying("x") { () -> Int32 in
          calls += 1
          errno = EIO
          return -1
        }
      }, EIO)
    XCTAssertEqual(calls, 5)
  }

  func testF8_syncIsNeverTriedAgain() {
    var calls = 0
    XCTAssertEqual(
      code {
        try System.withoutRetry("fsync") { () -> Int32 in
          calls += 1
          errno = EINTR
          return -1
        }
      }, EINTR)
    XCTAssertEqual(calls, 1)
  }
}
