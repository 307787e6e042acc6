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
    let counts = try store.keys(of: StrangersFailures.self)
      .compactMap { try store.read(StrangersFailures.self, $0)?.accounts.total(at: now) }
    XCTAssertEqual(counts.reduce(0, +), 100)
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

  /// Or a few minutes' work finds the address that a slot is of.
  func testN4_slotsAreOfNoUseWithoutTheKey() throws {
    func slots(_ key: UInt8) throws -> Set<String> {
      let store = MemoryDocumentStore()
      let throttle = Throttle(documents: store, key: [UInt8](repeating: key, count: 32))
      for number in 0..<20 {
        let guesser = Guesser.stranger(address: "198.51.100.\(number)")
        _ = try throttle.admit(guesser, at: "canary", time: time(0))
      }
      return try Set(
        store.keys(of: StrangersFailures.self).filter { $0.hasPrefix("account-") }.map { document in
          "\(document) \(String(describing: try store.read(StrangersFailures.self, document)?.pairs))"
        })
    }
    XCTAssertEqual(try slots(1).intersection(slots(2)), [])
  }

  /// Elsewhere than at the account it is forgotten like a failure, and needs no update for that.
  func testJ3_Q12_aRightAttemptIsGoneFromTheAccountAtOnceAndElsewhereWithTheNextSweep() throws {
    let throttle = try throttle()
    for guesser in [Guesser.stranger(address: "x"), .knownBrowser("b"), .session("s")] {
      _ = try throttle.admit(guesser, at: "alice", time: time(0))
      let store = CountingStore(try store())
      try Throttle(documents: store, key: Array(0..<32))
        .succeeded(guesser, at: "alice", time: time(0))
      if case .stranger = guesser {
        XCTAssertEqual(store.updates, 1, "the account, where a count would tell that it is there")
      } else {
        XCTAssertEqual(store.updates, 0)
      }
    }
    _ = try Throttle.sweep(try store(), at: time(3600))
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
    XCTAssertEqual(try Throttle.sweep(store, at: time(3599)), 0)
    XCTAssertEqual(try Throttle.sweep(store, at: time(3600)), 1)
    XCTAssertNil(try throttle.admit(.knownBrowser("b"), at: "alice", time: time(0)))
    XCTAssertEqual(try Throttle.sweep(store, at: time(179)), 0)
    XCTAssertEqual(try Throttle.sweep(store, at: time(180)), 1)
    XCTAssertEqual(try documents(), [])
  }

  /// The first version kept one document for each name and each address.
  func testDocumentsOfTheFirstVersionAreSweptAway() throws {
    struct FailedAttempts: Document {
      static let collection = StrangersFailures.collection
      var count: Double
      var last: Date
    }
    let store = try store()
    for key in ["account-0123", "address-4567"] {
      try store.update(FailedAttempts.self, key) { $0 = .init(count: 130, last: time(0)) }
      XCTAssertEqual(try store.read(StrangersFailures.self, key), StrangersFailures())
    }
    XCTAssertEqual(try Throttle.sweep(store, at: time(0)), 2)
    XCTAssertEqual(try documents(), [])
  }

  /// Many accounts share a document.
  func testV5_F13_aDamagedDocumentKeepsNobodyOut() throws {
    let throttle = try throttle()
    let guessers = [Guesser.stranger(address: "x"), .knownBrowser("b")]
    for guesser in guessers { _ = try throttle.admit(guesser, at: "alice", time: time(0)) }
    let damaged = try documents()
    XCTAssertEqual(damaged.count, 3)
    for name in damaged { try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
    for guesser in guessers {
      for _ in 0..<20 {
        XCTAssertNil(try throttle.admit(guesser, at: "alice", time: time(0)))
      }
      XCTAssertNotNil(try throttle.admit(guesser, at: "alice", time: time(0)))
    }
    // They are left as they are, for `postern check` to tell.
    for name in damaged {
      XCTAssertEqual(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8), "{}")
    }
  }

  /// A refused stranger takes no lock, so a crowd of them does not hold up those who are admitted.
  func testQ3_V5_refusedStrangersWriteNothingAndWaitForNobody() throws {
    let throttle = try throttle()
    for _ in 0..<20 {
      XCTAssertNil(try throttle.admit(.stranger(address: "x"), at: "alice", time: time(0)))
    }
    let store = CountingStore(MemoryDocumentStore())
    let counted = Throttle(documents: store, key: Array(0..<32))
    for _ in 0..<20 { _ = try counted.admit(.stranger(address: "x"), at: "alice", time: time(0)) }
    let before = store.updates
    for _ in 0..<100 {
      XCTAssertNotNil(try counted.admit(.stranger(address: "x"), at: "alice", time: time(0)))
    }
    XCTAssertEqual(store.updates, before)
  }

  /// Nothing of ours writes such numbers; a document that was edited by hand may have them.
  func testF13_countsBeyondAnyMeasureMakeOneWaitAndNoMore() throws {
    let absurd = #"{"count":1.7e308,"last":-1e308}"#
    let store = MemoryDocumentStore()
    let throttle = Throttle(documents: store, key: Array(0..<32))
    let slots = throttle.slots(of: "x", at: "alice")
    let json = [
      "pairs": slots.pair, "accounts": slots.account, "addresses": slots.address,
    ].map { #""\#($0)":{"counts":{"\#($1.name)":\#(absurd)}}"# }.joined(separator: ",")
    let failures = try DocumentCoder.decode(StrangersFailures.self, from: Array("{\(json)}".utf8))
    for document in [slots.document, slots.addressDocument] {
      try store.update(StrangersFailures.self, document) { $0 = failures }
    }
    XCTAssertEqual(
      try throttle.admit(.stranger(address: "x"), at: "alice", time: time(0)), 31_536_000)
    XCTAssertEqual(try throttle.wait(ofStrangersAt: "alice", time: time(0)), 31_536_000)
  }

  func testQ3_knownBrowsersAreCountedApartFromStrangers() throws {
    let throttle = try throttle()
    _ = try throttle.admit(.knownBrowser("b"), at: "alice", time: time(0))
    _ = try throttle.admit(.session("s"), at: "alice", time: time(0))
    XCTAssertEqual(Set(try documents().map { $0.prefix { $0 != "/" } }), ["throttle-known"])
  }
}

extension FailureSlots {
  func total(at time: Date) -> Int {
    Mirror(reflecting: self).children.reduce(0) { sum, child in
      let counts = child.value as? [String: FailureCount] ?? [:]
      return sum + counts.values.reduce(0) { $0 + Int($1.count(at: time, .strangersAtAccount)) }
    }
  }
}
