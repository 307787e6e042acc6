import DocumentStore
import FileDocumentStore
import ForeignInput
import Foundation
import MemoryDocumentStore
import TestSupport
import XCTest

@testable import Accounts

/// What the throttle keeps.
final class ThrottleStoreTests: TemporaryFolderTestCase {
  private func store() throws -> FileDocumentStore {
    try FileDocumentStore(path: folder, lockTimeout: .seconds(60))
  }

  private func throttle() throws -> Throttle {
    Throttle(documents: try store(), key: Array(0..<32))
  }

  private func time(_ seconds: TimeInterval) -> Date {
    TestHouse.now.addingTimeInterval(seconds)
  }

  private func documents() throws -> [String] { try files().filter { $0.hasSuffix(".json") } }

  func testJ5_ofManyAtOnceExactlyTheFreeOnesAreAdmitted() throws {
    let throttle = try throttle()
    let now = time(0)
    let waits = onThreads(200) { _ in
      Result { try throttle.admit(.stranger(address: "192.0.2.1"), at: "alice", time: now) }
    }
    XCTAssertEqual(try waits.filter { try $0.get() == nil }.count, 20)
    XCTAssertEqual(try waits.filter { try $0.get() == 3600 }.count, 180)
  }

  func testJ5_ofManyAtOnceFromOneAddressOnlyTheAdmittedOnesAreCounted() throws {
    let throttle = try throttle()
    let now = time(0)
    let waits = onThreads(200) { number in
      Result {
        try throttle.admit(
          .stranger(address: "192.0.2.1"), at: ForeignText("u\(number)"), time: now)
      }
    }
    XCTAssertEqual(try waits.filter { try $0.get() == nil }.count, 100)
    XCTAssertEqual(try waits.filter { try $0.get() == 36 }.count, 100)
    let store = try store()
    let counts = try store.keys(of: FailureTable.self).filter { $0.hasPrefix("account-") }
      .compactMap { try store.read(FailureTable.self, $0)?.counts.count }
    // Of each attempt two: of the address at the account, and of all strangers there.
    XCTAssertEqual(counts.reduce(0, +), 200)
  }

  func testJ4_restartKeepsTheCounts() throws {
    for _ in 0..<20 {
      XCTAssertNil(try throttle().admit(.stranger(address: "x"), at: "alice", time: time(0)))
    }
    XCTAssertEqual(
      try throttle().admit(.stranger(address: "x"), at: "alice", time: time(0)), 3600)
  }

  func testN4_documentsTellNeitherNameNorAddress() throws {
    _ = try throttle().admit(.stranger(address: "198.51.100.77"), at: "canary", time: time(0))
    let names = try documents()
    XCTAssertEqual(names.count, 2)
    let other = Throttle(documents: MemoryDocumentStore(), key: Array(1...32))
    _ = try other.admit(.stranger(address: "198.51.100.77"), at: "canary", time: time(0))
    for name in names {
      let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
      for secret in ["canary", "198.51.100.77"] {
        XCTAssertFalse(name.contains(secret) || text.contains(secret), name)
      }
    }
  }

  /// Or a few minutes' work finds the address that a digest is of.
  func testN4_digestsAreOfNoUseWithoutTheKey() throws {
    let stores = [MemoryDocumentStore(), MemoryDocumentStore()]
    for (number, store) in stores.enumerated() {
      _ = try Throttle(documents: store, key: Array(repeating: UInt8(number), count: 32))
        .admit(.stranger(address: "198.51.100.77"), at: "canary", time: time(0))
    }
    let names = try stores.map { store in
      Set(
        try store.keys(of: FailureTable.self)
          .flatMap { try store.read(FailureTable.self, $0)?.counts.map(\.name) ?? [] })
    }
    XCTAssertEqual(names.map(\.count), [3, 3])
    XCTAssertEqual(names[0].intersection(names[1]), [])
  }

  func testSuccessLeavesNothingOfASingleAttemptBehind() throws {
    let throttle = try throttle()
    for guesser in [Guesser.stranger(address: "x"), .knownBrowser("b"), .session("s")] {
      _ = try throttle.admit(guesser, at: "alice", time: time(0))
      try throttle.succeeded(guesser, at: "alice", time: time(0))
    }
    XCTAssertEqual(try documents(), [])
  }

  func testOnlyWhatIsForgottenIsSweptAway() throws {
    let store = try store()
    let throttle = try throttle()
    XCTAssertNil(try throttle.admit(.stranger(address: "x"), at: "alice", time: time(0)))
    XCTAssertEqual(try Throttle.sweep(store, at: time(35)), 0)
    XCTAssertEqual(try Throttle.sweep(store, at: time(36)), 1)
    XCTAssertEqual(try documents().count, 1)
    XCTAssertEqual(try Throttle.sweep(store, at: time(899)), 0)
    XCTAssertEqual(try Throttle.sweep(store, at: time(900)), 1)
    XCTAssertEqual(try Throttle.sweep(store, at: time(3600)), 1)
    XCTAssertEqual(try documents(), [])
  }

  /// The first version kept one document for each name and each address.
  func testDocumentsOfTheFirstVersionAreSweptAway() throws {
    struct FailedAttempts: Document {
      static let collection = FailureTable.collection
      var count: Double
      var last: Date
    }
    let store = try store()
    for key in ["account-0123", "address-4567"] {
      try store.update(FailedAttempts.self, key) { $0 = .init(count: 130, last: time(0)) }
      XCTAssertEqual(try store.read(FailureTable.self, key)?.counts.count, 0)
    }
    XCTAssertEqual(try Throttle.sweep(store, at: time(0)), 2)
    XCTAssertEqual(try documents(), [])
  }
}
