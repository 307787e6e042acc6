import Foundation
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
    try race(SessionModel(limit: 5, whenFull: .reset, grace: 1_000_000))
  }

  func testE16_everyHistoryIsExplainedWhereTheOldestIsEvicted() throws {
    try race(SessionModel(limit: 3, whenFull: .evictOldest, grace: 2_000_000))
  }

  private func race(_ model: SessionModel) throws {
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
    result.check(model, password: TestHouse.password, seed: seed)
    // A race in which these did not occur has shown nothing.
    XCTAssertGreaterThan(result.count { $0 == .tokenWrong }, 0)
    XCTAssertGreaterThan(2 * result.given, result.operations, "mostly sessions were not refreshed")
  }
}

extension Race.Result {
  /// Fails the test where the model does not explain what the clients saw.
  ///
  /// - Parameter text: the password that the users had at first.
  func check(_ model: SessionModel, password text: String, seed: UInt64) {
    var violations: [String] = []
    var peak = 0
    let password = names.number(of: text)
    for history in histories {
      var checker = HistoryChecker(history, password: password, model: model)
      if let violation = checker.violation() { violations.append(violation) }
      peak = max(peak, checker.peak)
    }
    print(summary + ", \(violations.count) violations; at most \(peak) situations at once")
    for violation in violations { XCTFail("seed \(seed): \(violation)") }
    // A race in which these did not occur has shown nothing.
    XCTAssertGreaterThan(harms, 0)
    XCTAssertGreaterThan(count { $0 == .unknown }, 0)
    XCTAssertGreaterThan(replays, 0)
  }
}
