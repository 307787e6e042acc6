import Foundation
import TestSupport
import XCTest

@testable import Accounts

/// What the throttle decides.
final class ThrottleTests: XCTestCase {
  private let throttle = Throttle(documents: MemoryStore())

  private func time(_ seconds: TimeInterval) -> Date {
    TestHouse.now.addingTimeInterval(seconds)
  }

  /// Uses up the free failures of `account`, each from an address of its own.
  private func exhaust(_ account: String) throws {
    for number in 0..<20 {
      XCTAssertNil(try throttle.admit(account: account, address: "a\(number)", at: time(0)))
    }
  }

  func testJ4_backOffDoublesAndIsCapped() throws {
    try exhaust("alice")
    var seconds: TimeInterval = 0
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
      XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(seconds)), wait)
      // Trying too soon does not make the wait longer.
      seconds += TimeInterval(wait) - 0.5
      XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(seconds)), 1)
      seconds += 0.5
      XCTAssertNil(try throttle.admit(account: "alice", address: "y", at: time(seconds)))
    }
  }

  func testJ4_rightPasswordAfterTheWaitClearsTheAccount() throws {
    try exhaust("alice")
    XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(0)), 1)
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(1)))
    try throttle.succeeded(account: "alice", address: "x")
    for number in 0..<20 {
      XCTAssertNil(try throttle.admit(account: "alice", address: "b\(number)", at: time(1)))
    }
    XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(1)), 1)
  }

  func testAllIsForgottenAfterAnHour() throws {
    try exhaust("alice")
    for seconds in [1, 3, 7] as [TimeInterval] {
      XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(seconds)))
    }
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(7 + 3600)))
    XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(7 + 3600)), 16)
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(7 + 7201)))
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(7 + 7201)))
  }

  func testJ3_everyAccountIsCountedAlikeAndApart() throws {
    for account in ["alice", "nobody", ""] { try exhaust(account) }
    for account in ["alice", "nobody", ""] {
      XCTAssertEqual(try throttle.admit(account: account, address: "x", at: time(0)), 1)
    }
    XCTAssertNil(try throttle.admit(account: "bob", address: "x", at: time(0)))
  }

  func testJ4_oneAddressOnManyAccountsIsSlowedDown() throws {
    for number in 0..<100 {
      XCTAssertNil(try throttle.admit(account: "u\(number)", address: "192.0.2.1", at: time(0)))
    }
    XCTAssertEqual(try throttle.admit(account: "new", address: "192.0.2.1", at: time(0)), 1)
    XCTAssertNil(try throttle.admit(account: "new", address: "192.0.2.2", at: time(0)))
    // A right password gives the address its own attempt back and no more.
    try throttle.succeeded(account: "u1", address: "192.0.2.1")
    XCTAssertNil(try throttle.admit(account: "new", address: "192.0.2.1", at: time(0)))
    XCTAssertEqual(try throttle.admit(account: "new", address: "192.0.2.1", at: time(0)), 1)
  }

  func testIPv6AddressesOfOneNetworkCountAsOne() throws {
    for number in 0..<100 {
      let address = "2001:db8::\(String(number, radix: 16))"
      XCTAssertNil(try throttle.admit(account: "u\(number)", address: address, at: time(0)))
    }
    for address in ["2001:db8::ffff", "2001:DB8:0:0:1:2:3:4"] {
      XCTAssertEqual(try throttle.admit(account: "new", address: address, at: time(0)), 1)
    }
    XCTAssertNil(try throttle.admit(account: "new", address: "2001:db8:0:1::1", at: time(0)))
  }

  func testF27_clockSetBackNeverLocksOutForLongerThanTheLongestWait() throws {
    try exhaust("alice")
    let back: TimeInterval = -86_400
    XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(back)), 1)
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(back + 300)))
  }
}
