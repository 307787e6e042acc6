import Foundation
import XCTest

/// Many requests at the same moment, over several workers.
final class ConcurrentRequestsTests: EndToEndTestCase {
  func testE1_parallelRefreshesOfOneTokenAllGetTheOneSuccessor() throws {
    var token = try site.login("alice").refreshToken
    for round in 1...4 {
      let answers = try site.askAtOnce(Array(repeating: .refresh(token), count: 200))
      let refused = answers.filter { $0.status != 200 }
      XCTAssertTrue(refused.isEmpty, "round \(round): \(Set(refused.map(\.said)))")
      let successors = Set(answers.map(\.refreshToken))
      XCTAssertEqual(successors.count, 1, "round \(round)")
      XCTAssertFalse(successors.contains(token), "round \(round)")
      XCTAssertEqual(Set(answers.map(\.accessToken)).count, 200, "round \(round)")
      token = try XCTUnwrap(successors.first)
    }
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
  }

  func testE1_theWorkersShareTheRequests() throws {
    let workers = try site.workers
    XCTAssertGreaterThanOrEqual(workers.count, 3)
    let before = workers.map(milliseconds)
    // Each takes the processor for some 20 ms, in the worker that has taken it.
    _ = try site.askAtOnce(Array(repeating: .login("alice"), count: 40))
    let busy = zip(before, workers.map(milliseconds)).map { $1 - $0 }
    XCTAssertGreaterThan(busy.count { $0 >= 20 }, 1, "\(busy)")
  }

  /// The processor time that a process has had (the first number of schedstat, proc(5)).
  private func milliseconds(_ process: pid_t) -> Int {
    let tasks =
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    return tasks.reduce(0) { sum, task in
      let text = ProcessTable.text("task/\(task)/schedstat", of: process)
      return sum + (Int(text.prefix { $0 != " " }) ?? 0) / 1_000_000
    }
  }

  func testE6_thiefAndOwnerShareOneChainAndNoForkSurvives() throws {
    var token = try site.login("bob").refreshToken
    for round in 1...10 {
      let both = try site.askAtOnce([.refresh(token), .refresh(token)])
      XCTAssertEqual(both.map(\.status), [200, 200], "round \(round)")
      XCTAssertEqual(both[0].refreshToken, both[1].refreshToken, "round \(round)")
      token = both[0].refreshToken
    }
  }

  func testE9_parallelSignInsOfOneUserAllLeaveTheirSession() throws {
    for round in 1...5 {
      let name = "many-devices-\(round)"
      try site.addUser(name)
      let answers = try site.askAtOnce(Array(repeating: .login(name), count: 5))
      XCTAssertEqual(answers.map(\.status), Array(repeating: 200, count: 5), "round \(round)")
      XCTAssertEqual(Set(answers.map(\.refreshToken)).count, 5)
      for answer in answers {
        let refresh = try site.ask(.refresh(answer.refreshToken))
        XCTAssertEqual(refresh.status, 200, "round \(round): \(refresh.text)")
      }
    }
  }

  func testE11_theLimitOfSessionsHoldsForParallelSignIns() throws {
    try site.addUser("too-many-devices")
    let answers = try site.askAtOnce(Array(repeating: .login("too-many-devices"), count: 12))
    XCTAssertEqual(Set(answers.map(\.status)), [200])
    let living = try answers.filter { try site.ask(.refresh($0.refreshToken)).status == 200 }
    // Twelve sign-ins with `reset` at five: the sixth and the eleventh each began anew.
    XCTAssertEqual(living.count, 2)
  }

  func testE11_withEvictOldestTheNewestSessionsStay() throws {
    let site = try makeInstallation(
      .init(settings: ["POSTERN_SESSIONS_WHEN_FULL": "evict-oldest"]))
    try site.start()
    let early = try site.login("alice").refreshToken
    let answers = try site.askAtOnce(Array(repeating: .login("alice"), count: 8))
    XCTAssertEqual(Set(answers.map(\.status)), [200])
    let living = try answers.filter { try site.ask(.refresh($0.refreshToken)).status == 200 }
    XCTAssertEqual(living.count, 5)
    XCTAssertEqual(try site.ask(.refresh(early)).said, "403 Refresh token is wrong")
  }
}
