import DocumentStore
import FileDocumentStore
import Foundation
import Glibc
import SystemCalls
import XCTest

/// F12 and F14: something else than a file of ours where a document should be.
final class OddFileTests: StoreTestCase {
  private func assertOthersAreServed(_ store: FileDocumentStore) throws {
    try store.update(Note.self, "other") { $0?.count += 1 }
    XCTAssertEqual(try store.read(Note.self, "other")?.text, "other")
  }

  func testF14_linkIsNotFollowed() throws {
    let store = try store(holding: "victim", "other")
    let file = try file("victim")
    let copy = "\(folder)/copy"
    rename(file, copy)
    let whole = try bytes(copy)
    for target in [copy, try self.file("other"), "/etc/passwd", "\(folder)/missing", file] {
      unlink(file)
      symlink(target, file)
      assertDamaged(store, "victim", target)
      XCTAssertEqual(
        try FileManager.default.destinationOfSymbolicLink(atPath: file), target)
    }
    XCTAssertEqual(try bytes(copy), whole)
    try assertOthersAreServed(store)
  }

  func testF14_hardLinkIsRefused() throws {
    let store = try store(holding: "victim", "other")
    link(try file("victim"), "\(folder)/second")
    assertDamaged(store, "victim")
    unlink("\(folder)/second")
    XCTAssertEqual(try store.read(Note.self, "victim"), Note(text: "victim"))
  }

  func testF14_pipeDoesNotHang() throws {
    let store = try store(holding: "victim", "other")
    let file = try file("victim")
    unlink(file)
    mkfifo(file, 0o600)
    assertDamaged(store, "victim")
    XCTAssertEqual(try System.status(ofPath: file).map { $0.st_mode & S_IFMT }, S_IFIFO)
    try assertOthersAreServed(store)
  }

  func testF12F14_folderIsRefusedAndStays() throws {
    let store = try store(holding: "victim", "other")
    let file = try file("victim")
    unlink(file)
    mkdir(file, 0o700)
    assertDamaged(store, "victim")
    XCTAssertEqual(try System.status(ofPath: file).map { $0.st_mode & S_IFMT }, S_IFDIR)
    try assertOthersAreServed(store)
  }

  func testF14_deviceIsRefused() throws {
    let store = try store(holding: "victim", "other")
    let file = try file("victim")
    unlink(file)
    guard mknod(file, S_IFCHR | 0o600, 1 << 8 | 5) == 0 else {
      throw XCTSkip("only root may make a device")
    }
    assertDamaged(store, "victim")
    try assertOthersAreServed(store)
  }

  func testF12_unreadableDocumentIsAnErrorAndNeverMissing() throws {
    let store = try store(holding: "victim", "other")
    let file = try file("victim")
    chmod(file, 0)
    if geteuid() == 0 {
      // Modes do not bind root, so the test is somebody else for a while.
      try FileManager.default.subpathsOfDirectory(atPath: folder)
        .forEach { chown("\(folder)/\($0)", 65_534, 65_534) }
      chown(folder, 65_534, 65_534)
      XCTAssertEqual(seteuid(65_534), 0)
    }
    defer { if getuid() == 0 { seteuid(0) } }
    XCTAssertThrowsError(try store.read(Note.self, "victim")) { assertDenied($0) }
    XCTAssertThrowsError(try store.update(Note.self, "victim") { $0 = Note() }) { assertDenied($0) }
    try assertOthersAreServed(store)
  }

  private func assertDenied(
    _ error: any Error, file: StaticString = #filePath, line: UInt = #line
  ) {
    guard case DocumentStoreError.unavailable(let reason) = error else {
      return XCTFail("\(error)", file: file, line: line)
    }
    let cause = SystemCallError(call: "open", code: EACCES)
    XCTAssertTrue(reason.hasSuffix("/victim.json: \(cause)"), reason, file: file, line: line)
  }
}
