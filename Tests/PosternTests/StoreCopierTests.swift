import DocumentStore
import Foundation
import MemoryDocumentStore
import Synchronization
import XCTest

@testable import Postern

final class StoreCopierTests: XCTestCase {
  private struct Note: Document {
    static let collection = "notes"
    var text: String
    var expiry: Date?
  }

  private let time = Date(timeIntervalSince1970: 1_800_000_000)
  private let source = MemoryDocumentStore()
  private let target = MemoryDocumentStore()

  private func put(
    _ key: String, _ text: String, expiry: Date? = nil, in store: MemoryDocumentStore
  )
    throws
  {
    try store.update(Note.self, key) { $0 = Note(text: text, expiry: expiry) }
  }

  private func copy(
    to target: (any DocumentStore)? = nil, deletes: Bool = false
  ) throws -> CopyReport {
    try StoreCopier(from: source, to: target ?? self.target, deletes: deletes, time: time)
      .run([Note.self])
  }

  func testAllIsCopiedAndWhatIsThereAlreadyIsLeft() throws {
    for number in 0..<50 { try put("k\(number)", "t\(number)", in: source) }
    try put("a/b\0\u{E9}", "odd", in: source)
    try put("k7", "t7", in: target)
    try put("k8", "another", in: target)
    try put("expired", "", expiry: time, in: source)
    let report = try copy()
    XCTAssertEqual(report, CopyReport(copied: 50, same: 1, expired: 1, compared: 51, bad: 0))
    XCTAssertTrue(report.isComplete)
    for key in try source.keys(of: Note.self) where key != "expired" {
      XCTAssertEqual(try target.read(Note.self, key), try source.read(Note.self, key))
    }
    XCTAssertEqual(try copy(), CopyReport(copied: 0, same: 51, expired: 1, compared: 51, bad: 0))
  }

  func testWhatOnlyTheOtherStoreHasIsToldAndRemovedWhereThatIsAskedFor() throws {
    try put("a", "1", in: source)
    try put("b", "2", in: target)
    let report = try copy()
    XCTAssertEqual(report.bad, 1)
    XCTAssertFalse(report.isComplete)
    XCTAssertNotNil(try target.read(Note.self, "b"))
    XCTAssertTrue(try copy(deletes: true).isComplete)
    XCTAssertEqual(try target.keys(of: Note.self), ["a"])
  }

  func testACopyThatAStoreBreaksOffGoesOnWhereItWas() throws {
    for number in 0..<200 { try put("k\(number)", "t", in: source) }
    let failing = FailingStore(target, after: 60)
    XCTAssertThrowsError(try copy(to: failing)) {
      XCTAssertEqual($0 as? DocumentStoreError, .unavailable(reason: "gone"))
    }
    let there = try target.keys(of: Note.self).count
    XCTAssertGreaterThan(there, 30)
    XCTAssertLessThan(there, 100)
    XCTAssertEqual(
      try copy(),
      CopyReport(copied: 200 - there, same: there, expired: 0, compared: 200, bad: 0))
  }

  func testWhatChangesMeanwhileIsNoticed() throws {
    try put("a", "1", in: source)
    let forgetful = ForgetfulStore(target)
    let report = try copy(to: forgetful)
    XCTAssertEqual(report.bad, 1)
    XCTAssertFalse(report.isComplete)
  }

  /// Is gone after so many updates.
  private final class FailingStore: DocumentStore {
    private let store: any DocumentStore
    private let left: Atomic<Int>

    init(_ store: any DocumentStore, after count: Int) {
      self.store = store
      left = Atomic(count)
    }

    func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? { try store.read(type, key) }

    func update<D: Document, R>(
      _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
    ) throws -> R {
      guard left.subtract(1, ordering: .relaxed).newValue >= 0 else {
        throw DocumentStoreError.unavailable(reason: "gone")
      }
      return try store.update(type, key, change)
    }

    func keys<D: Document>(of type: D.Type) throws -> [String] { try store.keys(of: type) }
  }

  /// Keeps nothing.
  private final class ForgetfulStore: DocumentStore {
    private let store: any DocumentStore

    init(_ store: any DocumentStore) { self.store = store }

    func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? { try store.read(type, key) }

    func update<D: Document, R>(
      _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
    ) throws -> R {
      var document: D?
      return try change(&document)
    }

    func keys<D: Document>(of type: D.Type) throws -> [String] { try store.keys(of: type) }
  }
}
