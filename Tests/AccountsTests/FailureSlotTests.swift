import ForeignInput
import Foundation
import TestSupport
import XCTest

@testable import Accounts

/// What strangers can make the service keep, and forget.
final class FailureSlotTests: XCTestCase {
  private let now = TestHouse.now
  private let store = ValueStore()
  private var throttle: Throttle { Throttle(documents: store, key: Array(0..<32)) }

  private func flood(_ numbers: Range<Int>, at time: Date) throws {
    let throttle = throttle
    for number in numbers {
      _ = try throttle.admit(
        .stranger(address: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"),
        at: ForeignText("stranger-\(number)"), time: time)
    }
  }

  func testQ6_namesAndAddressesWithoutEndTakeABoundedNumberOfDocuments() throws {
    try flood(0..<20_000, at: now)
    let keys = try store.keys(of: StrangersFailures.self)
    XCTAssertLessThanOrEqual(keys.count, 512)
    for key in keys {
      XCTAssertNotNil(key.wholeMatch(of: /(account|address)-[0-9a-f]{2}/), key)
    }
  }

  /// Each slot at its longest: what a document can grow to, whatever is counted.
  func testQ6_aDocumentHasABoundedSize() throws {
    var failures = StrangersFailures()
    let time = now.addingTimeInterval(0.123456789)
    for slot in 0..<StrangersFailures.pairSlots {
      failures.pairs.add(1 / 3, to: FailureSlot(slot), at: time, .addressAtAccount)
    }
    for slot in 0..<StrangersFailures.slots {
      failures.accounts.add(1 / 3, to: FailureSlot(slot), at: time, .strangersAtAccount)
    }
    XCTAssertLessThan(try JSONEncoder().encode(failures).count, 96 << 10)
  }

  func testQ6_nothingThatStrangersDoMakesACountForget() throws {
    let throttle = throttle
    for number in 0..<96 {
      XCTAssertNil(
        try throttle.admit(.stranger(address: "a\(number / 20)"), at: "alice", time: now))
    }
    try flood(0..<20_000, at: now)
    try flood(0..<20_000, at: now.addingTimeInterval(1))
    for address in ["a0", "new"] {
      XCTAssertNotNil(try throttle.admit(.stranger(address: address), at: "alice", time: now))
    }
  }

  /// As many failures as two cores can hash in an hour do not hold back those who did not fail.
  func testQ6_V5_aCrowdOfStrangersLeavesOthersAdmitted() throws {
    let throttle = throttle
    try flood(0..<20_000, at: now)
    let refused = try (0..<1_000).filter { number in
      try throttle.admit(
        .stranger(address: "192.0.2.\(number)"), at: ForeignText("user-\(number)"), time: now)
        != nil
    }
    XCTAssertEqual(refused.count, 0)
  }
}
