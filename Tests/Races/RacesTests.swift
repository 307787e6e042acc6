import Foundation
import Glibc
import TestSupport
import XCTest

/// Many clients, few users, several workers, one of which is killed every now and then: whatever
/// the clients saw, a model of the contract must explain it.
///
/// `POSTERN_TEST_LONG` makes it last until 200,000 operations are done. `POSTERN_TEST_SEED` repeats
/// the choices of a run, though not what the machine made of them.
final class RacesTests: TemporaryFolderTestCase {
  private static let isLong = ProcessInfo.processInfo.environment["POSTERN_TEST_LONG"] != nil

  func testE16_everyHistoryIsExplainedWhereAFullHouseIsReset() throws {
    try Race.untilShown {
      try race(SessionModel(limit: 5, whenFull: .reset, grace: 1_000_000), in: "\(folder)/\($0)")
    }
  }

  func testE16_everyHistoryIsExplainedWhereTheOldestIsEvicted() throws {
    try Race.untilShown {
      try race(
        SessionModel(limit: 3, whenFull: .evictOldest, grace: 2_000_000), in: "\(folder)/\($0)")
    }
  }

  private func race(_ model: SessionModel, in folder: String) throws -> Bool {
    mkdir(folder, 0o700)
    let seed = Race.seed()
    let users = try RaceUsers.add(4, dataFolder: "\(folder)/data")
    let postern = try PosternProcess(
      folder: folder,
      settings: [
        "POSTERN_WORKERS": "4", "POSTERN_THROTTLE_ENABLED": "false",
        "POSTERN_TOKENS_GRACE": "\(model.grace / 1_000_000)", "POSTERN_LOG_LEVEL": "error",
        "POSTERN_TOKENS_ACCESS_LIFETIME": "86400",
        "POSTERN_SESSIONS_LIMIT": "\(model.limit)",
        "POSTERN_SESSIONS_WHEN_FULL": model.whenFull.rawValue,
      ])
    defer { XCTAssertTrue(postern.stop(), "postern did not end when told to") }

    let race = Race(
      users: users, socketPaths: [postern.socketPath], seed: seed, grace: model.grace,
      harm: postern.killWorker, duration: .seconds(4), operations: Self.isLong ? 100_000 : 0)
    let result = try race.run()
    return result.check(model, password: TestHouse.password, seed: seed)
      && result.count { $0 == .tokenWrong } > 0
      // Mostly sessions were refreshed.
      && 2 * result.given > result.operations
  }
}

extension Race.Result {
  /// Fails the test where the model does not explain what the clients saw. Returns whether
  /// there is a verdict: on all of it, and enough has occurred for that to show something.
  ///
  /// - Parameter text: the password that the users had at first.
  func check(_ model: SessionModel, password text: String, seed: UInt64) -> Bool {
    var violations: [String] = []
    var undecided: [String] = []
    var peak = 0
    let password = names.number(of: text)
    for history in histories {
      var checker = HistoryChecker(history, password: password, model: model)
      if let violation = checker.violation() {
        if checker.gaveUp { undecided.append(violation) } else { violations.append(violation) }
      }
      peak = max(peak, checker.peak)
    }
    print(summary + ", \(violations.count) violations; at most \(peak) situations at once")
    for text in undecided { print("seed \(seed): \(text)") }
    for violation in violations { XCTFail("seed \(seed): \(violation)") }
    guard violations.isEmpty else { return true }
    // A race in which these did not occur has shown nothing.
    return undecided.isEmpty && harms > 0 && count { $0 == .unknown } > 0 && replays > 0
  }
}
