import DocumentStore
import FileDocumentStore
import Foundation
import Glibc
import SystemCalls
import XCTest

/// What happens while another process holds a document's lock.
final class LockTests: StoreTestCase {
  /// A process that holds the lock of the folder of `key` until it is killed.
  private func holder(of key: String) throws -> Process {
    let lock = URL(fileURLWithPath: try file(key)).deletingLastPathComponent()
      .appendingPathComponent(".lock").path
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", #"exec 9>>"$0"; flock 9; echo held; exec sleep 60"#, lock]
    process.standardOutput = output
    try process.run()
    XCTAssertEqual(output.fileHandleForReading.readData(ofLength: 5), Data("held\n".utf8))
    return process
  }

  private func kill(_ process: Process) {
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func testF19_heldLockIsBusyAfterTheTimeoutAndNothingChanges() throws {
    _ = try store(holding: "a")
    let process = try holder(of: "a")
    defer { kill(process) }
    Glibc.kill(process.processIdentifier, SIGSTOP)
    let store = try store(lockTimeout: .milliseconds(20))
    var wasCalled = false
    XCTAssertThrowsError(
      try store.update(Note.self, "a") { _ in wasCalled = true }
    ) {
      guard case DocumentStoreError.busy = $0 else { return XCTFail("\($0)") }
    }
    XCTAssertFalse(wasCalled)
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
  }

  func testF19_documentsOfOtherFoldersAreNotHeldUp() throws {
    _ = try store(holding: "a", "b")
    XCTAssertNotEqual(
      URL(fileURLWithPath: try file("a")).deletingLastPathComponent().path,
      URL(fileURLWithPath: try file("b")).deletingLastPathComponent().path)
    let process = try holder(of: "a")
    defer { kill(process) }
    XCTAssertNoThrow(
      try store(lockTimeout: .zero).update(Note.self, "b") { $0?.count = 1 })
  }

  func testF19_threadThatWaitsBehindAnotherOfItsProcessIsBusyAfterTheTimeoutToo() throws {
    let patient = try store(holding: "a")
    let holding = DispatchSemaphore(value: 0)
    let done = DispatchSemaphore(value: 0)
    let hasted = try store(lockTimeout: .milliseconds(30))
    DispatchQueue.global().async {
      try? hasted.update(Note.self, "a") { _ in
        holding.signal()
        done.wait()
      }
    }
    holding.wait()
    for store in [hasted, try store(lockTimeout: .milliseconds(30))] {
      XCTAssertThrowsError(try store.update(Note.self, "a") { $0?.count = 1 }) {
        guard case DocumentStoreError.busy = $0 else { return XCTFail("\($0)") }
      }
    }
    done.signal()
    try patient.update(Note.self, "a") { $0?.count = 2 }
    try hasted.update(Note.self, "a") { $0?.count += 1 }
    XCTAssertEqual(try patient.read(Note.self, "a")?.count, 3)
  }

  func testF20_lockOfAKilledHolderIsFree() throws {
    _ = try store(holding: "a")
    let process = try holder(of: "a")
    let store = try store(lockTimeout: .zero)
    XCTAssertThrowsError(try store.update(Note.self, "a") { $0?.count = 1 })
    kill(process)
    try store.update(Note.self, "a") { $0?.count = 2 }
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 2)
  }

  func testUpdateWaitsUntilTheHolderLetsGo() throws {
    let store = try store(holding: "a")
    let process = try holder(of: "a")
    let waiting = DispatchSemaphore(value: 0)
    let written = expectation(description: "written")
    DispatchQueue.global().async {
      waiting.signal()
      XCTAssertNotNil(try? store.update(Note.self, "a") { $0?.count = 1 })
      written.fulfill()
    }
    waiting.wait()
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 0)
    kill(process)
    wait(for: [written], timeout: 30)
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 1)
  }

  func testF21_noDescriptorOfAnUpdateIsPassedToChildren() throws {
    let store = try store(holding: "a")
    let ours = try store.update(Note.self, "a") { _ in
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
        .filter {
          let target = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/\($0)")
          return target?.hasPrefix(path) ?? false
        }
        .map { fcntl($0, F_GETFD) & FD_CLOEXEC }
    }
    XCTAssertGreaterThanOrEqual(ours.count, 3, "the root, the folder and the lock")
    XCTAssertEqual(Set(ours), [FD_CLOEXEC])
  }

  func testF18_noOperationEverReplacesALockFile() throws {
    let store = try store(holding: "a")
    let lock = URL(fileURLWithPath: try file("a")).deletingLastPathComponent()
      .appendingPathComponent(".lock").path
    let inode = {
      try FileManager.default.attributesOfItem(atPath: lock)[.systemFileNumber] as? Int
    }
    let before = try XCTUnwrap(inode())
    try Data().write(to: URL(fileURLWithPath: lock.replacing(".lock", with: ".new-1")))
    try store.update(Note.self, "a") { $0?.count = 1 }
    store.check(Note.self) { _, _ in }
    XCTAssertEqual(try store.removeLeftovers(of: Note.self), 1)
    XCTAssertEqual(try store.sweep(Note.self, pause: {}) { $0 = nil }, 1)
    try store.update(Note.self, "a") { $0 = Note(text: "again") }
    XCTAssertEqual(try inode(), before)
  }

  func testF19_leftoversOfABusyFolderStayAndAllOthersGo() throws {
    _ = try store(holding: "a", "b")
    for key in ["a", "b"] {
      let leftover = URL(fileURLWithPath: try file(key)).deletingLastPathComponent()
        .appendingPathComponent(".new-1")
      try Data().write(to: leftover)
    }
    let process = try holder(of: "a")
    XCTAssertEqual(try store(lockTimeout: .zero).removeLeftovers(of: Note.self), 1)
    kill(process)
    XCTAssertEqual(try store(lockTimeout: .zero).removeLeftovers(of: Note.self), 1)
  }

  func testF15_lockThatIsALinkIsRefusedAndItsTargetUntouched() throws {
    let store = try store(holding: "a")
    let lock = URL(fileURLWithPath: try file("a")).deletingLastPathComponent()
      .appendingPathComponent(".lock").path
    unlink(lock)
    symlink("\(folder)/target", lock)
    XCTAssertThrowsError(try store.update(Note.self, "a") { $0?.count = 1 }) {
      guard case DocumentStoreError.unavailable(let reason) = $0 else { return XCTFail("\($0)") }
      XCTAssertTrue(reason.hasSuffix(": \(SystemCallError(call: "open", code: ELOOP))"), reason)
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(folder)/target"))
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
  }
}
