import DocumentStore
import FileDocumentStore
import TestSupport
import XCTest

final class UpkeepTests: TemporaryFolderTestCase {
  private struct Note: Document {
    static let collection = "notes"
    var text: String
  }

  private var store: FileDocumentStore {
    get throws { try FileDocumentStore(path: folder) }
  }

  private func findings() throws -> [String: DocumentFinding] {
    var findings: [String: DocumentFinding] = [:]
    try store.check(Note.self) { findings[$0] = $1 }
    return findings
  }

  private func write(_ keys: String...) throws {
    for key in keys { try store.update(Note.self, key) { $0 = Note(text: key) } }
  }

  func testCheckFindsEveryDocumentGoodAndChangesNothing() throws {
    try write("a", "b", "../c", "Ä")
    let before = try files()
    XCTAssertEqual(Array(try findings().values), Array(repeating: .good, count: 4))
    XCTAssertEqual(try files(), before)
  }

  func testCheckOfAnEmptyStoreFindsNothing() throws {
    XCTAssertEqual(try findings(), [:])
    XCTAssertEqual(try files(), [])
  }

  func testF13_CheckNamesEachBadDocumentAndItsFault() throws {
    try write("a", "b", "c")
    let a = try documentPath("notes", "a")
    let b = try documentPath("notes", "b")
    let manager = FileManager.default
    try XCTUnwrap(manager.contents(atPath: a)).dropLast(9).write(to: URL(fileURLWithPath: a))
    try manager.removeItem(atPath: b)
    try manager.createSymbolicLink(atPath: b, withDestinationPath: "/etc/passwd")
    let bad = try findings().filter { $0.value != .good }
    XCTAssertEqual(Set(bad.keys.map { "\(folder)/\($0)" }), [a, b])
    XCTAssertEqual(bad.first { b.hasSuffix($0.key) }?.value, .bad(fault: "a symbolic link"))
  }

  func testCheckTellsADocumentInTheWrongPlaceAndWithAStrangeName() throws {
    try write("a")
    let path = try documentPath("notes", "a")
    let shard = URL(fileURLWithPath: path).deletingLastPathComponent()
    let other = shard.deletingLastPathComponent().appendingPathComponent("00")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: path, toPath: other.appendingPathComponent("a.json").path)
    try Data().write(to: shard.appendingPathComponent("B.json"))
    let faults = try findings().values.map { finding in
      if case .bad(let fault) = finding { return fault }
      return ""
    }
    XCTAssertEqual(
      Set(faults), ["belongs into notes/\(shard.lastPathComponent)", "not the name of a document"])
  }

  func testF25_LeftoversAreToldAndRemovedAndNothingElse() throws {
    try write("a")
    let path = try documentPath("notes", "a")
    let shard = URL(fileURLWithPath: path).deletingLastPathComponent()
    for number in 0..<3 {
      try Data("torn".utf8).write(to: shard.appendingPathComponent(".new-\(number)"))
    }
    XCTAssertEqual(try findings().values.filter { $0 == .leftover }.count, 3)
    XCTAssertEqual(try store.removeLeftovers(of: Note.self), 3)
    XCTAssertEqual(Array(try findings().values), [.good])
    XCTAssertEqual(try store.removeLeftovers(of: Note.self), 0)
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a"))
  }

  /// The folder of a document's file.
  private func shard(of key: String) throws -> String {
    URL(fileURLWithPath: try documentPath("notes", key)).deletingLastPathComponent().path
  }

  func testF11_checkNamesAFolderThatCannotBeListedAndGoesOn() throws {
    try write("a", "b")
    let shard = try shard(of: "a")
    try FileManager.default.removeItem(atPath: shard)
    try Data().write(to: URL(fileURLWithPath: shard))
    let findings = try findings()
    XCTAssertEqual(
      findings["notes/\(URL(fileURLWithPath: shard).lastPathComponent)"],
      .bad(fault: "open: Not a directory"))
    XCTAssertEqual(findings.values.filter { $0 == .good }.count, 1)
  }

  func testF11_checkNamesACollectionThatCannotBeListed() throws {
    let store = try store
    try Data().write(to: URL(fileURLWithPath: "\(folder)/notes"))
    XCTAssertEqual(try findings(), ["notes": .bad(fault: "open: Not a directory")])
    XCTAssertThrowsError(try store.keys(of: Note.self)) {
      guard case DocumentStoreError.unavailable = $0 else { return XCTFail("\($0)") }
    }
  }

  func testF11_upkeepPassesOverAFolderThatCannotBeListed() throws {
    try write("a", "b")
    let (bad, good) = (try shard(of: "a"), try shard(of: "b"))
    try FileManager.default.removeItem(atPath: bad)
    try Data().write(to: URL(fileURLWithPath: bad))
    try Data().write(to: URL(fileURLWithPath: "\(good)/.new-1"))
    XCTAssertEqual(try store.removeLeftovers(of: Note.self), 1)
    XCTAssertEqual(try store.sweep(Note.self, pause: {}) { $0 = nil }, 1)
  }

  func testSweepWritesOnlyWhatChangesAndPassesOverTheDamaged() throws {
    try write("drop", "keep", "damaged")
    let damaged = try documentPath("notes", "damaged")
    try Data("x".utf8).write(to: URL(fileURLWithPath: damaged))
    let kept = try documentPath("notes", "keep")
    let before = try FileManager.default.attributesOfItem(atPath: kept)[.systemFileNumber] as? Int
    var pauses = 0
    let count = try store.sweep(Note.self, pause: { pauses += 1 }) { note in
      if note?.text == "drop" { note = nil }
    }
    XCTAssertEqual(count, 1)
    XCTAssertEqual(pauses, 3)
    XCTAssertNil(try store.read(Note.self, "drop"))
    let after = try FileManager.default.attributesOfItem(atPath: kept)[.systemFileNumber] as? Int
    XCTAssertEqual(before, after)
    XCTAssertEqual(FileManager.default.contents(atPath: damaged), Data("x".utf8))
  }
}
