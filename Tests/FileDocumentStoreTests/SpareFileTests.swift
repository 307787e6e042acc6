import DocumentStore
import Foundation
import Glibc
import SystemCalls
import XCTest

@testable import FileDocumentStore

/// The file beside a document that the next version is written into.
final class SpareFileTests: StoreTestCase {
  private func spare(of key: String) throws -> String {
    let file = URL(fileURLWithPath: try self.file(key))
    return file.deletingLastPathComponent().appendingPathComponent(
      ".spare-\(file.lastPathComponent)"
    ).path
  }

  /// A store in which the note has a spare file.
  private func storeWithSpare() throws -> FileDocumentStore {
    let store = try store(holding: "a", "b")
    try store.update(Note.self, "a") { $0?.count = 1 }
    XCTAssertNotNil(try System.status(ofPath: spare(of: "a")))
    return store
  }

  private func inode(_ path: String) throws -> ino_t? { try System.status(ofPath: path)?.st_ino }

  func testCommitsMakeNoFilesAfterTheSecond() throws {
    let store = try storeWithSpare()
    let inodes = [try inode(file("a")), try inode(spare(of: "a"))]
    for count in 2...9 {
      try store.update(Note.self, "a") { $0 = Note(text: "\(count)", count: count) }
      XCTAssertEqual(try inode(file("a")), inodes[(count + 1) % 2], "\(count)")
      XCTAssertEqual(try inode(spare(of: "a")), inodes[count % 2], "\(count)")
    }
  }

  func testShorterDocumentIsWholeAfterALongerOne() throws {
    let store = try storeWithSpare()
    for text in ["x", String(repeating: "y", count: 5_000), "z", ""] {
      try store.update(Note.self, "a") { $0 = Note(text: text, count: text.utf8.count) }
      XCTAssertEqual(try self.store().read(Note.self, "a")?.text, text)
    }
  }

  func testF15_oddSpareFileIsReplacedAndWhatItLeadsToIsUntouched() throws {
    let store = try storeWithSpare()
    let spare = try spare(of: "a")
    let precious = "\(folder)/precious"
    try write("precious".utf8, to: precious)
    let makers: [(String, () throws -> Int32)] = [
      ("link", { symlink(precious, spare) }),
      ("link to nothing", { symlink("\(self.folder)/nothing", spare) }),
      ("second name", { link(precious, spare) }),
      ("link to another document", { try symlink(self.file("b"), spare) }),
      ("pipe", { mkfifo(spare, 0o600) }),
      (
        "readable by others",
        {
          try self.write("x".utf8, to: spare); return chmod(spare, 0o644)
        }
      ),
      (
        "not writable",
        {
          try self.write("x".utf8, to: spare); return chmod(spare, 0o400)
        }
      ),
    ]
    for (number, (name, make)) in makers.enumerated() {
      unlink(spare)
      XCTAssertEqual(try make(), 0, name)
      try store.update(Note.self, "a") { $0?.count = 100 + number }
      XCTAssertEqual(try store.read(Note.self, "a")?.count, 100 + number, name)
      for path in [try file("a"), spare] {
        let status = try XCTUnwrap(System.status(ofPath: path))
        XCTAssertEqual(status.st_mode, S_IFREG | 0o600, name)
        XCTAssertEqual(status.st_nlink, 1, name)
      }
    }
    XCTAssertEqual(try bytes(precious), Array("precious".utf8))
    XCTAssertNil(try System.status(ofPath: "\(folder)/nothing"))
    XCTAssertEqual(try store.read(Note.self, "b"), Note(text: "b"))
  }

  func testF15_spareFileOfAnotherUserIsReplaced() throws {
    try XCTSkipUnless(getuid() == 0, "only root may give files away")
    let store = try storeWithSpare()
    chown(try spare(of: "a"), 65_534, 65_534)
    try store.update(Note.self, "a") { $0?.count = 2 }
    XCTAssertEqual(try System.status(ofPath: file("a"))?.st_uid, 0)
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 2)
  }

  func testFolderInThePlaceOfTheSpareFileIsAnErrorAndTheDocumentStays() throws {
    let store = try storeWithSpare()
    unlink(try spare(of: "a"))
    mkdir(try spare(of: "a"), 0o700)
    XCTAssertThrowsError(try store.update(Note.self, "a") { $0?.count = 2 }) {
      guard case DocumentStoreError.unavailable(let reason) = $0 else { return XCTFail("\($0)") }
      XCTAssertTrue(reason.contains("a.json"), reason)
    }
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 1)
  }

  func testSpareFileGoesWithItsDocument() throws {
    let store = try storeWithSpare()
    let spare = try spare(of: "a")
    try store.update(Note.self, "a") { $0 = nil }
    XCTAssertNil(try System.status(ofPath: spare))
    XCTAssertNil(try store.read(Note.self, "a"))
    XCTAssertEqual(try store.keys(of: Note.self), ["b"])
  }

  func testF25_orphanedSpareFileIsALeftoverAndBringsNothingBack() throws {
    let store = try storeWithSpare()
    let (file, spare) = (try file("a"), try spare(of: "a"))
    func findings() -> [DocumentFinding] {
      var findings: [DocumentFinding] = []
      store.check(Note.self) { findings.append($1) }
      return findings
    }
    XCTAssertEqual(findings(), [.good, .good], "a spare file is nothing to tell of")
    XCTAssertEqual(try store.removeLeftovers(of: Note.self), 0)
    XCTAssertNotNil(try System.status(ofPath: spare))
    // As where a writer of an older version removed the document.
    unlink(file)
    XCTAssertNil(try store.read(Note.self, "a"))
    XCTAssertEqual(try store.keys(of: Note.self), ["b"])
    XCTAssertEqual(Set(findings().map { "\($0)" }), ["good", "leftover"])
    try store.update(Note.self, "a") { note in
      XCTAssertNil(note)
      note = Note(text: "new")
    }
    XCTAssertEqual(try self.store().read(Note.self, "a"), Note(text: "new"))
    try store.update(Note.self, "a") { $0?.count = 1 }
    unlink(file)
    XCTAssertEqual(try store.removeLeftovers(of: Note.self), 1)
    XCTAssertNil(try System.status(ofPath: spare))
    XCTAssertNil(try store.read(Note.self, "a"))
  }

  func testSpareFileThatAnOperatorMadeTheDocumentIsNotOverwrittenInPlaceLater() throws {
    let store = try storeWithSpare()
    rename(try spare(of: "a"), try file("a"))
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"), "the version before")
    let restored = try inode(file("a"))
    try store.update(Note.self, "a") { $0?.count = 5 }
    XCTAssertNotEqual(try inode(spare(of: "a")), restored, "it bears the mark of a durable one")
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 5)
  }

  // MARK: - Readers beside writers

  private func layout() throws -> FileLayout { try FileLayout(collection: "notes", key: "a") }

  private func opened(_ store: FileDocumentStore) throws -> FileDocumentStore.DocumentFile {
    try XCTUnwrap(store.openDocument(layout().path, in: store.root.descriptor))
  }

  private func read(
    _ file: FileDocumentStore.DocumentFile, _ store: FileDocumentStore
  ) throws -> Note? {
    try store.read(file, as: Note.self, "a", layout())
  }

  func testWhatIsReadOfAFileThatIsNoLongerTheDocumentDoesNotCount() throws {
    let store = try storeWithSpare()
    let file = try opened(store)
    // Not within the same tick of the clock of files.
    usleep(20_000)
    try self.store().update(Note.self, "a") { $0?.count = 2 }
    XCTAssertNil(try read(file, store), "one commit")
    try self.store().update(Note.self, "a") { $0?.count = 3 }
    XCTAssertNil(try read(file, store), "two commits: the same file is the document again")
    XCTAssertEqual(try read(opened(store), store)?.count, 3)
  }

  func testTornReadIsNoDamageAndDamageIsWhereNobodyWrites() throws {
    let store = try storeWithSpare()
    let path = try file("a")
    let good = try bytes(path)
    let torn = Array(good.prefix(20)) + good.dropFirst(20).reversed()
    // As new as what a writer writes just now: once more where the machine took longer.
    var newest: FileDocumentStore.DocumentFile?
    for _ in 0..<1_000 where newest?.isSettled != false {
      try System.write(torn, to: System.open(path, O_WRONLY))
      newest = try opened(store)
    }
    XCTAssertNil(try read(XCTUnwrap(newest), store))
    XCTAssertThrowsError(try store.read(Note.self, "a"), "the lock is free: nobody writes") {
      guard case DocumentStoreError.damaged = $0 else { return XCTFail("\($0)") }
    }
    usleep(40_000)
    XCTAssertThrowsError(try read(opened(store), store))
  }

  func testDamageIsToldWithoutTheLockSoonAfterItWasDone() throws {
    let store = try storeWithSpare()
    let layout = try layout()
    let descriptor = try System.open(
      layout.folder, in: store.root.descriptor, O_RDONLY | O_DIRECTORY)
    let path = try file("a")
    let bad = try bytes(path).dropLast(9)
    // One who reads within an update has the lock, and must not wait for it.
    try store.withLock(of: layout.folder, descriptor, until: .now + .seconds(30)) {
      try write(bad, to: path)
      XCTAssertThrowsError(try store.read(Note.self, "a")) {
        guard case DocumentStoreError.damaged = $0 else { return XCTFail("\($0)") }
      }
    }
  }

  func testE10_readersOfAllKindsSeeWholeAndEverNewerDocumentsBesideQuickWriters() throws {
    _ = try storeWithSpare()
    let path = path
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      do {
        let store = try FileDocumentStore(path: path, lockTimeout: .seconds(30))
        var newest = 0
        for count in 1...300 {
          if thread < 2 {
            try store.update(Note.self, "a") { note in
              let next = (note?.count ?? 0) + 1
              note = Note(
                text: String(repeating: "\(next % 10)", count: next % 7 * 900), count: next)
            }
          } else {
            let note = try XCTUnwrap(
              count.isMultiple(of: 2) ? store.read(Note.self, "a") : store.readAnew(Note.self, "a"))
            XCTAssertGreaterThanOrEqual(note.count, newest)
            newest = note.count
            if newest > 1 { XCTAssertEqual(note.text.utf8.count, newest % 7 * 900) }
          }
        }
      } catch {
        XCTFail("\(error)")
      }
    }
    XCTAssertEqual(try store().read(Note.self, "a")?.count, 601)
  }
}
