import DocumentStore
import Foundation
import Glibc
import SystemCalls
import XCTest

@testable import FileDocumentStore

/// Documents are kept in memory, and what is handed out is what the file holds all the same.
final class KeptDocumentTests: StoreTestCase {
  /// A store that keeps the note "a", and whose file is old enough for that.
  private func keepingStore() throws -> FileDocumentStore {
    let store = try store(holding: "a", "b")
    try keep(store)
    return store
  }

  private func keep(_ store: FileDocumentStore) throws {
    usleep(40_000)
    XCTAssertNotNil(try store.read(Note.self, "a"))
    XCTAssertTrue(try isKept(store))
  }

  /// Whether the next read hands out what was kept.
  private func isKept(_ store: FileDocumentStore) throws -> Bool {
    let entry = store.cache.entry(Note.self, "a")
    let version = entry?.settledVersion
    return try version != nil && version == System.version(ofPath: file("a"))
  }

  /// Writes into the file itself, as an editor may.
  private func overwrite(_ path: String, _ bytes: [UInt8]) throws {
    let file = try System.open(path, O_WRONLY)
    try System.write(bytes, to: file)
  }

  /// What is in the file of the note, sealed, with another text of the same length.
  private func sealed(_ text: String) throws -> [UInt8] {
    try Envelope.seal(Note(text: text), key: "a")
  }

  func testKeptDocumentIsReadWithoutOpeningItsFile() throws {
    let store = try keepingStore()
    let entry = try XCTUnwrap(store.cache.entry(Note.self, "a"))
    // Nothing but memory can hold this one.
    store.cache.keep(
      DocumentCache.Entry(
        path: entry.path, settledVersion: entry.settledVersion, bytes: [],
        document: Note(text: "kept")),
      Note.self, "a")
    XCTAssertEqual(try store.read(Note.self, "a")?.text, "kept")
    XCTAssertEqual(try store.update(Note.self, "a") { $0?.text }, "kept")
    XCTAssertEqual(try store.readAnew(Note.self, "a")?.text, "a")
  }

  func testOwnChangeIsKeptWithItsBytesAndCountsOnlyForThese() throws {
    let store = try store(holding: "a")
    let entry = try XCTUnwrap(store.cache.entry(Note.self, "a"))
    XCTAssertNil(entry.settledVersion)
    XCTAssertEqual(Data(entry.bytes), try Data(contentsOf: URL(fileURLWithPath: file("a"))))
    try overwrite(file("a"), sealed("b"))
    XCTAssertEqual(try store.update(Note.self, "a") { $0?.text }, "b")
    XCTAssertEqual(try store.read(Note.self, "a")?.text, "b")
  }

  func testDocumentThatWasChangedJustNowIsReadAnew() throws {
    let store = try store(holding: "a")
    let path = try file("a")
    // As often as it takes to have two changes within one tick of the clock.
    for number in 0..<300 {
      let text = number.isMultiple(of: 2) ? "x" : "y"
      try overwrite(path, sealed(text))
      XCTAssertEqual(try store.read(Note.self, "a")?.text, text, "\(number)")
      XCTAssertEqual(try store.update(Note.self, "a") { $0?.text }, text, "\(number)")
    }
  }

  func testVersionIsSettledOnlyTwentyMillisecondsAfterItsChange() throws {
    var status = stat()
    status.st_ctim = timespec(tv_sec: 1_000, tv_nsec: 990_000_000)
    let version = FileVersion(status)
    func isSettled(_ seconds: Int, _ milliseconds: Int) -> Bool {
      version.isSettled(
        at: FileTime(timespec(tv_sec: seconds, tv_nsec: milliseconds * 1_000_000)))
    }
    XCTAssertFalse(isSettled(1_000, 990))
    XCTAssertFalse(isSettled(1_000, 999))
    XCTAssertFalse(isSettled(1_001, 10))
    XCTAssertTrue(isSettled(1_001, 11))
    XCTAssertTrue(isSettled(9_000, 0))
    // The clock was set back.
    XCTAssertFalse(isSettled(1_000, 0))
    XCTAssertFalse(isSettled(0, 0))
  }

  func testChangeByAnotherStoreIsSeenAtOnce() throws {
    let store = try keepingStore()
    try self.store().update(Note.self, "a") { $0?.count = 7 }
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 7)
    try keep(store)
    try self.store().update(Note.self, "a") { $0 = nil }
    XCTAssertNil(try store.read(Note.self, "a"))
    XCTAssertNil(try store.update(Note.self, "a") { $0 })
  }

  func testOwnChangeIsSeenAtOnceByEveryCopyOfTheStore() throws {
    let store = try keepingStore()
    let copy = store
    for count in 1...50 {
      try store.update(Note.self, "a") { $0?.count = count }
      XCTAssertEqual(try copy.read(Note.self, "a")?.count, count)
    }
  }

  func testF13_damageToAKeptDocumentIsSeen() throws {
    let store = try keepingStore()
    let path = try file("a")
    let good = try bytes(path)
    var bad = good
    bad[good.count - 5] ^= 1
    // The same length, and the time of its last writing put back.
    let before = try XCTUnwrap(System.status(ofPath: path))
    try overwrite(path, bad)
    XCTAssertEqual(utimensat(AT_FDCWD, path, [before.st_atim, before.st_mtim], 0), 0)
    assertDamaged(store, "a")
    try overwrite(path, good)
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
  }

  func testF14_oddFileInThePlaceOfAKeptDocumentIsSeen() throws {
    let store = try keepingStore()
    let path = try file("a")
    link(path, "\(folder)/second")
    assertDamaged(store, "a", "second name")
    unlink("\(folder)/second")
    try keep(store)
    rename(path, "\(folder)/aside")
    symlink("\(folder)/aside", path)
    assertDamaged(store, "a", "link")
    unlink(path)
    XCTAssertNil(try store.read(Note.self, "a"))
    rename("\(folder)/aside", path)
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
    guard getuid() == 0 else { return }
    try keep(store)
    chown(path, 65_534, 65_534)
    assertDamaged(store, "a", "owner")
  }

  func testF34_keptDocumentIsNotReadWhereAnotherFolderTookThePlaceOfTheStore() throws {
    let store = try keepingStore()
    rename(path, "\(folder)/moved")
    XCTAssertThrowsError(try store.read(Note.self, "a"))
    try FileManager.default.copyItem(atPath: "\(folder)/moved", toPath: path)
    XCTAssertThrowsError(try store.read(Note.self, "a"))
    XCTAssertThrowsError(try store.update(Note.self, "a") { _ in })
  }

  func testKeysOfDifferentBytesAndDocumentsOfOtherTypesAreKeptApart() throws {
    struct Other: Document {
      static let collection = "others"
      var text = ""
    }
    let store = try store()
    let keys = ["\u{E9}", "e\u{301}"]
    for key in keys { try store.update(Note.self, key) { $0 = Note(count: key.utf8.count) } }
    try store.update(Other.self, keys[0]) { $0 = Other(text: "other") }
    for _ in 0..<2 {
      usleep(40_000)
      for key in keys { XCTAssertEqual(try store.read(Note.self, key)?.count, key.utf8.count) }
      XCTAssertEqual(try store.read(Other.self, keys[0])?.text, "other")
    }
  }

  // MARK: - The bounds

  private func cache(entries: Int = .max, bytes: Int = .max) -> DocumentCache {
    DocumentCache(limit: .init(entries: entries, bytes: bytes), parts: 1)
  }

  private func keep(_ key: String, of size: Int = 1, in cache: DocumentCache) throws {
    let version = try XCTUnwrap(System.version(ofPath: folder))
    cache.keep(
      DocumentCache.Entry(
        path: key, settledVersion: version,
        bytes: [UInt8](repeating: 0, count: size), document: Note(text: key)),
      Note.self, key)
  }

  private func kept(_ keys: some Sequence<Int>, in cache: DocumentCache) -> [Int] {
    keys.filter { cache.entry(Note.self, "\($0)")?.path == "\($0)" }
  }

  func testNoMoreDocumentsAreKeptThanTwiceTheLimit() throws {
    let cache = cache(entries: 10)
    for number in 0..<1_000 { try keep("\(number)", in: cache) }
    let found = kept((0..<1_000).reversed(), in: cache)
    XCTAssertTrue((10...20).contains(found.count), "\(found)")
    XCTAssertEqual(Array(found.prefix(10)), (990..<1_000).reversed())
  }

  func testNoMoreBytesAreKeptThanTwiceTheLimit() throws {
    let cache = cache(bytes: 1_000)
    for number in 0..<100 { try keep("\(number)", of: 300, in: cache) }
    XCTAssertLessThanOrEqual(kept(0..<100, in: cache).count, 6)
    // The same one over and over pushes no other out.
    for _ in 0..<100 { try keep("99", of: 300, in: cache) }
    try keep("98", of: 300, in: cache)
    XCTAssertEqual(kept([98, 99], in: cache), [98, 99])
    cache.forget(Note.self, "99")
    XCTAssertEqual(kept([98, 99], in: cache), [98])
  }

  func testWhatIsAskedForAgainAndAgainStays() throws {
    let cache = cache(entries: 10)
    try keep("0", in: cache)
    for number in 1..<1_000 {
      try keep("\(number)", in: cache)
      XCTAssertEqual(kept([0], in: cache), [0])
    }
  }
}
