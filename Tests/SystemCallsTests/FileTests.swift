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

  func testFreeSpaceIsThatOfTheFileSystemOfTheFile() throws {
    try XCTSkipUnless(try mountSmallDisk(folder, size: "1m"), "only root may mount a small disk")
    defer { unmount(folder) }
    let file = try System.open("\(folder)/f", O_RDWR | O_CREAT, mode: 0o600)
    XCTAssertEqual(try System.freeSpace(of: file).bytes, .init(free: 1 << 20, all: 1 << 20))
    let files = try XCTUnwrap(System.freeSpace(of: file).files)
    try System.write([UInt8](repeating: 1, count: 10_000), to: file)
    _ = try System.open("\(folder)/g", O_RDWR | O_CREAT, mode: 0o600)
    XCTAssertEqual(
      try System.freeSpace(of: root()).bytes, .init(free: 1 << 20 - 12_288, all: 1 << 20))
    XCTAssertEqual(
      try System.freeSpace(of: file).files, .init(free: files.free - 1, all: files.all))
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

  func testF15_renamingToAFreeNameReplacesNothingAndExchangingLosesNothing() throws {
    let root = try root()
    for name in ["a", "b"] {
      try System.write(
        Array(name.utf8), to: System.open(name, in: root, O_WRONLY | O_CREAT, mode: 0o600))
    }
    func text(_ name: String) throws -> [UInt8] {
      try System.read(System.open(name, in: root, O_RDONLY), limit: 9)
    }
    XCTAssertEqual(code { _ = try System.rename("a", to: "b", in: root, .toFreeName) }, EEXIST)
    XCTAssertTrue(try System.rename("a", to: "b", in: root, .exchange))
    XCTAssertEqual([try text("a"), try text("b")], [Array("b".utf8), Array("a".utf8)])
    XCTAssertEqual(code { _ = try System.rename("a", to: "c", in: root, .exchange) }, ENOENT)
    XCTAssertTrue(try System.rename("a", to: "c", in: root, .toFreeName))
    XCTAssertEqual(try text("c"), Array("b".utf8))
  }

  func testVersionIsAnotherAfterEachChangeOfAFile() throws {
    let path = "\(folder)/f"
    let file = try System.open(path, O_RDWR | O_CREAT, mode: 0o600)
    try System.write([1, 2, 3], to: file)
    let changes: [(String, () throws -> Void)] = [
      ("bytes", { try System.write([4], to: System.open(path, O_WRONLY)) }),
      ("length", { try System.truncate(file, to: 2) }),
      ("mode", { try System.setMode(0o640, of: file) }),
      ("names", { XCTAssertEqual(link(path, "\(self.folder)/g"), 0) }),
      (
        "file",
        {
          unlink(path)
          try System.write([4, 2], to: System.open(path, O_WRONLY | O_CREAT, mode: 0o640))
        }
      ),
      ("time", { try System.clearModificationTime(of: "f", in: self.root()) }),
    ]
    for (name, change) in changes {
      let before = try XCTUnwrap(System.version(ofPath: path))
      XCTAssertEqual(System.version(of: "f", in: try root()), before)
      usleep(20_000)
      try change()
      XCTAssertNotEqual(System.version(ofPath: path), before, name)
    }
    XCTAssertEqual(System.version(ofPath: path)?.modified, .zero)
    XCTAssertNil(System.version(ofPath: "\(path)/nothing"))
    // A link is not what it leads to.
    symlink("f", "\(folder)/link")
    XCTAssertNotEqual(System.version(ofPath: "\(folder)/link"), System.version(ofPath: path))
  }

  func testJ16_randomIDsAreUUIDsOfVersion4AndDiffer() {
    let ids = (0..<1_000).map { _ in System.randomID() }
    XCTAssertEqual(Set(ids).count, ids.count)
    for id in ids {
      XCTAssertNotNil(
        id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/), id
      )
    }
    // Every digit but that of the version, and every digit of the variant, takes on all values.
    for place in 0..<36 where ![8, 13, 14, 18, 19, 23].contains(place) {
      XCTAssertEqual(Set(ids.map { Array($0.utf8)[place] }).count, 16, "\(place)")
    }
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
