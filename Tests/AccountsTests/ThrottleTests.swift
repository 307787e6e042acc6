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

  func testJ4_backOffDoublesUntilItIsAsLongAsOneFailureIsRemembered() throws {
    try exhaust("alice")
    var seconds: TimeInterval = 0
    for wait in [1, 2, 4, 8, 16, 29, 51, 84, 121, 152, 169, 177, 179, 179, 180, 180, 180, 180] {
      XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(seconds)), wait)
      // Trying too soon does not make the wait longer.
      seconds += TimeInterval(wait - 1)
      XCTAssertNotNil(try throttle.admit(account: "alice", address: "x", at: time(seconds)))
      seconds += 1
      XCTAssertNil(try throttle.admit(account: "alice", address: "y", at: time(seconds)))
    }
  }

  func testJ4_whoeverGoesOnGuessingHasTwentyGuessesAnHourAtAnAccount() throws {
    var (seconds, guesses) = (0.0, 0)
    while seconds < 86_400 {
      let wait = try throttle.admit(account: "alice", address: "a\(guesses)", at: time(seconds))
      if let wait { seconds += TimeInterval(wait) } else { guesses += 1 }
    }
    XCTAssertEqual(guesses, 20 + 24 * 20, accuracy: 10)
  }

  /// An office behind one address, where now and then some mistype, with never a quiet hour.
  func testJ4_V5_failuresOverDaysDoNotHoldBackAnAddress() throws {
    for number in 0..<1_000 {
      let now = time(TimeInterval(number / 5 * 300))
      XCTAssertNil(try throttle.admit(account: "u\(number)", address: "192.0.2.1", at: now))
    }
  }

  /// What a day of guessing leaves behind is no burden for the next day.
  func testJ4_V5_afterTheGuessingAnAddressIsFreeAgainWithinAnHour() throws {
    var seconds = 0.0
    for number in 0..<2_000 {
      let wait = try throttle.admit(account: "\(number)", address: "x", at: time(seconds))
      seconds += TimeInterval(wait ?? 0)
    }
    for number in 0..<90 {
      XCTAssertNil(
        try throttle.admit(account: "u\(number)", address: "x", at: time(seconds + 3600)))
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

  func testFailuresAreForgottenOneAfterTheOther() throws {
    try exhaust("alice")
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(1800)))
    for _ in 0..<9 {
      XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(1800)))
    }
    XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(1800)), 1)
  }

  func testOnlyWhatIsForgottenIsSweptAway() throws {
    try exhaust("alice")
    XCTAssertEqual(try throttle.sweep(at: time(179)), 0)
    // The addresses, each with one failure.
    XCTAssertEqual(try throttle.sweep(at: time(180)), 20)
    XCTAssertEqual(try throttle.sweep(at: time(3599)), 0)
    XCTAssertEqual(try throttle.sweep(at: time(3600)), 1)
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

  func testJ4_V5_whatAnAccountRefusesIsNotCountedOnTheAddress() throws {
    for _ in 0..<20 {
      XCTAssertNil(try throttle.admit(account: "alice", address: "192.0.2.1", at: time(0)))
    }
    for _ in 0..<200 {
      XCTAssertEqual(try throttle.admit(account: "alice", address: "192.0.2.1", at: time(0)), 1)
    }
    for number in 0..<80 {
      XCTAssertNil(try throttle.admit(account: "u\(number)", address: "192.0.2.1", at: time(0)))
    }
    XCTAssertEqual(try throttle.admit(account: "new", address: "192.0.2.1", at: time(0)), 1)
  }

  func testJ4_V5_whatAnAddressRefusesIsNotCountedOnTheAccount() throws {
    try exhaust("alice")
    for seconds in [1, 3] as [TimeInterval] {
      XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(seconds)))
    }
    for number in 0..<100 {
      XCTAssertNil(try throttle.admit(account: "u\(number)", address: "192.0.2.1", at: time(7)))
    }
    XCTAssertEqual(try throttle.admit(account: "alice", address: "192.0.2.1", at: time(7)), 1)
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(7)))
  }

  func testJ10_attemptsThatWereTakenBackAreNotCounted() throws {
    for _ in 0..<200 {
      XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(0)))
      throttle.takeBack(account: "alice", address: "x")
    }
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

  func testX7_anIPv4AddressInIPv6IsTheSameAndNoOtherOne() throws {
    for number in 0..<100 {
      let address = number % 2 == 0 ? "192.0.2.1" : "::ffff:192.0.2.1"
      XCTAssertNil(try throttle.admit(account: "u\(number)", address: address, at: time(0)))
    }
    for address in ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:C000:201"] {
      XCTAssertEqual(try throttle.admit(account: "new", address: address, at: time(0)), 1)
    }
    for address in ["::ffff:192.0.2.2", "::1"] {
      XCTAssertNil(try throttle.admit(account: "new", address: address, at: time(0)))
    }
  }

  func testF27_clockSetBackHoldsNobodyBackForMuchLonger() throws {
    for (number, back) in ([1, 100, 180, 181, 86_400] as [TimeInterval]).enumerated() {
      try exhaust("u\(number)")
      XCTAssertNil(try throttle.admit(account: "u\(number)", address: "x", at: time(360 - back)))
    }
  }

  func testF27_clockSetBackForgetsNoFailures() throws {
    try exhaust("alice")
    XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(-2)), 3)
    XCTAssertNil(try throttle.admit(account: "alice", address: "x", at: time(-86_400)))
    XCTAssertEqual(try throttle.admit(account: "alice", address: "x", at: time(-86_400)), 2)
  }
}
