import ForeignInput
import Foundation
import TestSupport
import XCTest

@testable import Accounts

/// A simulation of guessing: who gets how many tries, and what the owner notices of it.
///
/// A stranger with so many addresses tries at 8 a second for the first ten minutes of each of six
/// hours, and every ten seconds for the rest. The owner tries every three seconds for a minute of
/// each hour, and knows the password. Prints its table.
final class GuessingTests: XCTestCase {
  private static let hours = 6
  private static let owners: [(name: String, guesser: Guesser)] = [
    ("known browser", .knownBrowser("b")), ("live session", .session("s")),
    ("new address", .stranger(address: "192.0.2.1")),
  ]

  private struct Outcome {
    var guesses: [Int: [Int]] = [:]
    var tries: [String: Int] = [:]
    var refused: [String: Int] = [:]

    var all: [Int] { guesses.values.flatMap { $0 }.sorted() }
    var mostOfOneAddress: Int { guesses.values.map(Self.mostInAnHour).max() ?? 0 }

    /// The most in any hour that begins with a guess.
    static func mostInAnHour(_ times: [Int]) -> Int {
      times.map { start in times.filter { start..<start + 3600 ~= $0 }.count }.max() ?? 0
    }
  }

  private func simulate(addresses: Int) throws -> Outcome {
    let throttle = Throttle(documents: ValueStore(), key: Array(0..<32))
    var outcome = Outcome()
    var attempt = 0
    for second in 0..<Self.hours * 3600 {
      let time = TestHouse.now.addingTimeInterval(TimeInterval(second))
      let rate = second % 3600 < 600 ? 8 : second % 10 == 0 ? 1 : 0
      for _ in 0..<rate {
        let number = attempt % addresses
        attempt += 1
        let guesser = Guesser.stranger(address: "10.0.\(number / 256).\(number % 256)")
        guard try throttle.admit(guesser, at: "alice", time: time) == nil else { continue }
        outcome.guesses[number, default: []].append(second)
      }
      guard second % 3600 >= 3540, second % 3 == 0 else { continue }
      for (name, guesser) in Self.owners {
        outcome.tries[name, default: 0] += 1
        if try throttle.admit(guesser, at: "alice", time: time) == nil {
          try throttle.succeeded(guesser, at: "alice", time: time)
        } else {
          outcome.refused[name, default: 0] += 1
        }
      }
    }
    return outcome
  }

  func testQ3_theBoundsHoldTogether() throws {
    func row(_ columns: [String]) -> String {
      columns.map { $0.padding(toLength: 17, withPad: " ", startingAt: 0) }.joined()
    }
    print(row(["addresses", "guesses", "most an hour", "of one address", "owner refused:"]))
    for addresses in [1, 4, 1_000] {
      let outcome = try simulate(addresses: addresses)
      let most = Outcome.mostInAnHour(outcome.all)
      let owners = Self.owners.map { owner in
        "\(owner.name) \(outcome.refused[owner.name] ?? 0) of \(outcome.tries[owner.name] ?? 0)"
      }
      print(
        row([addresses, outcome.all.count, most, outcome.mostOfOneAddress].map { "\($0)" })
          + owners.joined(separator: ", "))
      XCTAssertEqual(outcome.tries["known browser"], 20 * Self.hours)
      XCTAssertLessThanOrEqual(outcome.mostOfOneAddress, 20)
      XCTAssertLessThanOrEqual(most, 100)
      // At once, and then as they are forgotten: one in a quarter of an hour.
      XCTAssertLessThanOrEqual(outcome.all.count, 96 + 4 * Self.hours)
      XCTAssertNil(outcome.refused["known browser"])
      XCTAssertNil(outcome.refused["live session"])
      // It takes five addresses to use up what strangers have.
      if addresses < 5 { XCTAssertNil(outcome.refused["new address"]) }
    }
  }
}
