import Foundation
import XCTest

/// The same on two hosts with one store between them, whose server is killed and started now and then:
/// the model must explain what the clients of both saw.
final class HostRaceTests: XCTestCase {
  private static let isLong = ProcessInfo.processInfo.environment["POSTERN_TEST_LONG"] != nil

  func testE16_everyHistoryIsExplainedOverHostsWithFilesThatBothSee() throws {
    try race(store: "files", harms: ["kill-worker"])
  }

  func testE16_everyHistoryIsExplainedOverHostsWithOneRedis() throws {
    try race(store: "redis", harms: ["kill-worker", "restart-store"])
  }

  func testE16_everyHistoryIsExplainedOverHostsWithOnePostgreSQL() throws {
    try race(store: "postgresql", harms: ["kill-worker", "restart-store"])
  }

  private func race(store: String, harms: [String]) throws {
    let model = SessionModel(limit: 5, whenFull: .reset, grace: 1_000_000)
    let seed = Race.seed()
    let hosts = try RaceHosts(
      store: store,
      settings: [
        "POSTERN_WORKERS": "2", "POSTERN_TOKENS_GRACE": "\(model.grace / 1_000_000)",
        "POSTERN_LOG_LEVEL": "error", "POSTERN_TOKENS_ACCESS_LIFETIME": "86400",
        "POSTERN_SESSIONS_LIMIT": "\(model.limit)",
        "POSTERN_SESSIONS_WHEN_FULL": model.whenFull.rawValue,
      ])
    defer { XCTAssertTrue(hosts.stop(), "a service did not end when told to") }
    // Few clients a user: whatever ended without an answer may have happened or not, and all of it is tried.
    let users = (1...6).map { KnownUser(name: "user\($0)", password: hosts.password) }
    let race = Race(
      users: users, socketPaths: hosts.socketPaths, seed: seed, grace: model.grace,
      // What a killed worker has sent, the store's server may still have before it.
      delay: 300_000,
      harm: { random in
        // A server that is always down shows nothing.
        let isRare = Int.random(in: 0..<6, using: &random) == 0
        try hosts.command(isRare ? harms[harms.count - 1] : harms[0])
        return true
      },
      // So many that a server which takes seconds to start is up for most of them.
      duration: .seconds(6), operations: Self.isLong ? 50_000 : 500)
    let result = try race.run()
    result.check(model, password: hosts.password, seed: seed)
    XCTAssertGreaterThan(result.given, 100)
  }
}
