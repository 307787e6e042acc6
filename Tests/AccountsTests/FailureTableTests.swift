import ForeignInput
import Foundation
import MemoryDocumentStore
import TestSupport
import XCTest

@testable import Accounts

/// What strangers can make the service keep.
final class FailureTableTests: XCTestCase {
  private let now = TestHouse.now

  func testQ6_namesAndAddressesWithoutEndTakeABoundedNumberOfBytes() throws {
    let store = MemoryDocumentStore()
    let throttle = Throttle(documents: store, key: Array(0..<32))
    var sizes: [Int] = []
    for number in 0..<48_000 {
      _ = try throttle.admit(
        .stranger(address: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"),
        at: ForeignText("stranger-\(number)"), time: now)
      guard number % 12_000 == 11_999 else { continue }
      sizes.append(
        try store.keys(of: FailureTable.self).reduce(0) { size, key in
          size + (try JSONEncoder().encode(store.read(FailureTable.self, key)).count)
        })
    }
    XCTAssertLessThanOrEqual(try store.keys(of: FailureTable.self).count, 512)
    XCTAssertEqual(Double(sizes[3]) / Double(sizes[2]), 1, accuracy: 0.02)
    XCTAssertLessThan(sizes[3], 8 << 20)
  }

  func testQ6_whoIsHeldBackStaysSoWhateverElseIsCounted() throws {
    let throttle = Throttle(documents: MemoryDocumentStore(), key: Array(0..<32))
    for _ in 0..<20 {
      XCTAssertNil(try throttle.admit(.stranger(address: "x"), at: "alice", time: now))
    }
    for number in 0..<20_000 {
      _ = try throttle.admit(
        .stranger(address: "y\(number)"), at: ForeignText("stranger-\(number)"), time: now)
    }
    XCTAssertNotNil(try throttle.admit(.stranger(address: "x"), at: "alice", time: now))
  }

  func testQ6_aFullTableForgetsWhatIsLeastUsedUp() {
    var table = FailureTable()
    func name(_ number: Int) -> FailureName {
      FailureName(text: "\(number)", allowance: .addressAtAccount)
    }
    for number in 0..<FailureTable.limit {
      for _ in 0...(number % 5) { XCTAssertNil(table.admit([name(number)], at: now)) }
    }
    XCTAssertNil(table.admit([name(1000)], at: now))
    XCTAssertEqual(table.counts.count, FailureTable.limit)
    XCTAssertFalse(table.counts.contains { $0.name == "0" })
    for number in 1..<FailureTable.limit where number % 5 > 0 {
      XCTAssertTrue(table.counts.contains { $0.name == "\(number)" })
    }
  }
}
