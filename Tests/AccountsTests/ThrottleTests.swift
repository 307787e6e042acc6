import ForeignInput
import Foundation
import MemoryDocumentStore
import TestSupport
import XCTest

@testable import Accounts

/// What the throttle decides.
final class ThrottleTests: XCTestCase {
  private let throttle = Throttle(documents: MemoryDocumentStore(), key: Array(0..<32))

  private func time(_ seconds: TimeInterval) -> Date {
    TestHouse.now.addingTimeInterval(seconds)
  }

  private func admit(
    _ account: ForeignText, from address: String, at seconds: TimeInterval = 0
  ) throws -> Int? {
    try throttle.admit(.stranger(address: address), at: account, time: time(seconds))
  }

  /// Uses up what strange addresses together have at `account`, a few failures from each.
  private func exhaust(_ account: ForeignText, at seconds: TimeInterval = 0) throws {
    for number in 0..<96 {
      XCTAssertNil(try admit(account, from: "a\(account)\(number / 10)", at: seconds), "\(number)")
    }
  }

  func testJ4_anAddressHasTwentyGuessesAtAnAccountInAnyHour() throws {
    var (seconds, guesses) = (0.0, [TimeInterval]())
    while seconds < 86_400 {
      if let wait = try admit("alice", from: "x", at: seconds) {
        // Trying too soon does not make the wait longer.
        let again = try admit("alice", from: "x", at: seconds + TimeInterval(wait - 1))
        XCTAssertEqual(again, 1)
        seconds += TimeInterval(wait)
      } else {
        guesses.append(seconds)
      }
    }
    XCTAssertEqual(guesses.prefix(20), Array(repeating: 0, count: 20)[...])
    for start in guesses {
      XCTAssertLessThanOrEqual(guesses.filter { start..<start + 3600 ~= $0 }.count, 20)
    }
    XCTAssertEqual(guesses.count, 20 + 23)
  }

  func testJ4_strangeAddressesTogetherHaveAHundredGuessesAtAnAccountInAnyHour() throws {
    var (seconds, guesses) = (0.0, [TimeInterval]())
    while seconds < 7_200 {
      let wait = try admit("alice", from: "a\(guesses.count)", at: seconds)
      if let wait { seconds += TimeInterval(wait) } else { guesses.append(seconds) }
    }
    for start in guesses {
      XCTAssertLessThanOrEqual(guesses.filter { start..<start + 3600 ~= $0 }.count, 100)
    }
    XCTAssertEqual(guesses.filter { $0 < 3600 }.count, 96 + 3)
  }

  func testJ4_V5_oneAddressDoesNotHoldBackTheOthers() throws {
    // For days, and as fast as it may.
    for hour in 0..<72 {
      while try admit("alice", from: "x", at: TimeInterval(hour * 3600)) == nil {}
      XCTAssertNil(try admit("alice", from: "owner\(hour)", at: TimeInterval(hour * 3600)))
    }
  }

  func testJ4_V5_aKnownBrowserAndASessionDoNotWaitForStrangers() throws {
    try exhaust("alice")
    XCTAssertNotNil(try admit("alice", from: "y"))
    for owner in [Guesser.knownBrowser("b1"), .session("s1")] {
      XCTAssertNil(try throttle.admit(owner, at: "alice", time: time(0)))
    }
  }

  func testJ4_aKnownBrowserAndASessionHaveACountOfTheirOwn() throws {
    for owner in [Guesser.knownBrowser("b1"), .session("b1"), .knownBrowser("b2")] {
      for _ in 0..<20 { XCTAssertNil(try throttle.admit(owner, at: "alice", time: time(0))) }
      XCTAssertEqual(try throttle.admit(owner, at: "alice", time: time(0)), 180)
      XCTAssertNil(try throttle.admit(owner, at: "bob", time: time(0)))
    }
    XCTAssertNil(try admit("alice", from: "x"))
  }

  /// An office behind one address, where now and then some mistype, with never a quiet hour.
  func testJ4_V5_failuresOverDaysDoNotHoldBackAnAddress() throws {
    for number in 0..<1_000 {
      let seconds = TimeInterval(number / 5 * 300)
      XCTAssertNil(try admit(ForeignText("u\(number)"), from: "192.0.2.1", at: seconds))
    }
  }

  func testJ4_rightPasswordClearsTheFailuresOfItsOwnAddressAlone() throws {
    for _ in 0..<20 { XCTAssertNil(try admit("alice", from: "x")) }
    for _ in 0..<20 { XCTAssertNil(try admit("alice", from: "attacker")) }
    // The owner gets in an hour later, and is as new then.
    XCTAssertNil(try admit("alice", from: "x", at: 3600))
    try throttle.succeeded(.stranger(address: "x"), at: "alice", time: time(3600))
    for _ in 0..<20 { XCTAssertNil(try admit("alice", from: "x", at: 3600)) }
    XCTAssertNil(try admit("alice", from: "attacker", at: 3600))
    XCTAssertNotNil(try admit("alice", from: "attacker", at: 3600))
  }

  /// However often, and at the same moment, they leave at least four fifths of every allowance.
  func testJ4_rightPasswordsNeverUseUpWhatTheirPlaceHas() throws {
    let throttle = Throttle(documents: ValueStore(), key: Array(0..<32))
    func admit(_ account: ForeignText, from address: String) throws -> Int? {
      try throttle.admit(.stranger(address: address), at: account, time: time(0))
    }
    func succeed(_ guesser: Guesser, _ account: ForeignText, times: Int = 30) throws {
      for _ in 0..<times {
        XCTAssertNil(try throttle.admit(guesser, at: account, time: time(0)))
        try throttle.succeeded(guesser, at: account, time: time(0))
      }
    }
    for guesser in [Guesser.stranger(address: "x"), .knownBrowser("b"), .session("s")] {
      try succeed(guesser, "alice")
      for _ in 0..<16 { XCTAssertNil(try throttle.admit(guesser, at: "alice", time: time(0))) }
    }
    for number in 0..<200 {
      try succeed(.stranger(address: "y"), ForeignText("u\(number)"), times: 1)
    }
    for number in 0..<80 { XCTAssertNil(try admit(ForeignText("v\(number)"), from: "y")) }
    for number in 0..<200 { try succeed(.stranger(address: "b\(number)"), "bob", times: 1) }
    for number in 0..<76 { XCTAssertNil(try admit("bob", from: "c\(number)")) }
  }

  func testJ4_successesOfTheOwnerGiveStrangersNoFurtherGuesses() throws {
    var guesses = 0
    for round in 0..<50 {
      for number in 0..<20 where try admit("alice", from: "a\(number)") == nil { guesses += 1 }
      let owner = Guesser.stranger(address: "owner\(round)")
      guard try throttle.admit(owner, at: "alice", time: time(0)) == nil else { continue }
      try throttle.succeeded(owner, at: "alice", time: time(0))
    }
    XCTAssertEqual(guesses, 96)
  }

  func testJ3_everyAccountIsCountedAlikeAndApart() throws {
    for account in ["alice", "nobody", ""] as [ForeignText] { try exhaust(account) }
    for account in ["alice", "nobody", ""] as [ForeignText] {
      XCTAssertEqual(try admit(account, from: "x"), 900)
    }
    XCTAssertNil(try admit("bob", from: "x"))
  }

  func testJ4_oneAddressOnManyAccountsIsSlowedDown() throws {
    for number in 0..<100 {
      XCTAssertNil(try admit(ForeignText("u\(number)"), from: "192.0.2.1"))
    }
    XCTAssertEqual(try admit("new", from: "192.0.2.1"), 36)
    XCTAssertNil(try admit("new", from: "192.0.2.2"))
    // A right password gives the address its own attempt back and no more.
    try throttle.succeeded(.stranger(address: "192.0.2.1"), at: "u1", time: time(0))
    XCTAssertNil(try admit("new", from: "192.0.2.1"))
    XCTAssertEqual(try admit("new", from: "192.0.2.1"), 36)
  }

  func testJ4_V5_whatAnAccountRefusesIsNotCountedOnTheAddress() throws {
    for _ in 0..<20 { XCTAssertNil(try admit("alice", from: "192.0.2.1")) }
    for _ in 0..<200 { XCTAssertEqual(try admit("alice", from: "192.0.2.1"), 3600) }
    for number in 0..<80 { XCTAssertNil(try admit(ForeignText("u\(number)"), from: "192.0.2.1")) }
    XCTAssertEqual(try admit("new", from: "192.0.2.1"), 36)
  }

  func testJ4_V5_whatAnAddressRefusesIsNotCountedOnTheAccount() throws {
    for number in 0..<100 { XCTAssertNil(try admit(ForeignText("u\(number)"), from: "x")) }
    for _ in 0..<200 { XCTAssertEqual(try admit("alice", from: "x"), 36) }
    try exhaust("alice")
  }

  func testJ10_attemptsThatWereTakenBackAreNotCounted() throws {
    for guesser in [Guesser.stranger(address: "x"), .knownBrowser("b"), .session("s")] {
      for _ in 0..<200 {
        XCTAssertNil(try throttle.admit(guesser, at: "alice", time: time(0)))
        throttle.takeBack(guesser, at: "alice", time: time(0))
      }
    }
  }

  func testIPv6AddressesOfOneNetworkCountAsOne() throws {
    for number in 0..<20 {
      XCTAssertNil(try admit("alice", from: "2001:db8::\(String(number, radix: 16))"))
    }
    for address in ["2001:db8::ffff", "2001:DB8:0:0:1:2:3:4"] {
      XCTAssertEqual(try admit("alice", from: address), 3600)
    }
    XCTAssertNil(try admit("alice", from: "2001:db8:0:1::1"))
  }

  func testX7_anIPv4AddressInIPv6IsTheSameAndNoOtherOne() throws {
    for number in 0..<20 {
      let address = number % 2 == 0 ? "192.0.2.1" : "::ffff:192.0.2.1"
      XCTAssertNil(try admit("alice", from: address))
    }
    for address in ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:C000:201"] {
      XCTAssertEqual(try admit("alice", from: address), 3600)
    }
    for address in ["::ffff:192.0.2.2", "::1"] { XCTAssertNil(try admit("alice", from: address)) }
  }

  func testF27_clockSetBackHoldsNobodyBackForLonger() throws {
    for back in [1, 3600, 86_400, 365 * 86_400] as [TimeInterval] {
      let account = ForeignText("u\(back)")
      for _ in 0..<20 { XCTAssertNil(try admit(account, from: "x\(back)")) }
      let wait = try XCTUnwrap(admit(account, from: "x\(back)", at: -back))
      XCTAssertLessThanOrEqual(wait, 3660)
      XCTAssertNil(try admit(account, from: "x\(back)", at: TimeInterval(wait) - back))
    }
  }

  func testF27_clockSetBackHoldsNoAddressBackForLonger() throws {
    for number in 0..<100 { XCTAssertNil(try admit(ForeignText("u\(number)"), from: "x")) }
    XCTAssertEqual(try admit("new", from: "x", at: -86_400), 36)
    XCTAssertNil(try admit("new", from: "x", at: 36 - 86_400))
  }

  /// An attempt is taken back at the time of its request, after others that came later.
  func testF27_requestsThatEndOutOfOrderForgetNothingTwice() throws {
    for second in 0..<20 {
      XCTAssertNil(try admit("alice", from: "x", at: TimeInterval(second)))
      throttle.takeBack(.stranger(address: "x"), at: "alice", time: time(TimeInterval(second - 30)))
      XCTAssertNil(try admit("alice", from: "x", at: TimeInterval(second)))
    }
    XCTAssertEqual(try admit("alice", from: "x", at: 19), 3600 - 19, "as counted from the first")
  }

  func testF27_clockSetBackForgetsNoFailures() throws {
    for _ in 0..<20 { XCTAssertNil(try admit("alice", from: "x")) }
    for back in [2, 86_400] as [TimeInterval] {
      XCTAssertNotNil(try admit("alice", from: "x", at: -back))
    }
  }
}
