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
    let seed =
      ProcessInfo.processInfo.environment["POSTERN_TEST_SEED"].flatMap { UInt64($0) }
      ?? UInt64.random(in: 0..<1_000_000_000)
    print("seed \(seed)")
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
      users: users, postern: postern, seed: seed, grace: model.grace,
      duration: .seconds(4), operations: Self.isLong ? 100_000 : 0)
    let result = try race.run()

    var violations: [String] = []
    var peak = 0
    let password = result.names.number(of: TestHouse.password)
    for history in result.histories {
      var checker = HistoryChecker(history, password: password, model: model)
      if let violation = checker.violation() { violations.append(violation) }
      peak = max(peak, checker.peak)
    }
    print(result.summary + ", \(violations.count) violations; at most \(peak) situations at once")
    for violation in violations { XCTFail("seed \(seed): \(violation)") }
    // A race in which these did not occur has shown nothing.
    XCTAssertGreaterThan(result.kills, 0)
    XCTAssertGreaterThan(result.count { $0 == .unknown }, 0)
    XCTAssertGreaterThan(result.count { $0 == .tokenWrong }, 0)
    XCTAssertGreaterThan(result.replays, 0)
    XCTAssertGreaterThan(2 * result.given, result.operations, "mostly sessions were not refreshed")
  }
}
