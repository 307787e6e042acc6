import Foundation
import Glibc
import TestSupport
import XCTest

/// A peer at the service's socket does its worst, and honest requests are answered meanwhile.
///
/// Each attack lasts for a second, and for a minute where `POSTERN_TEST_LONG` is set. What was measured
/// is printed: `Docs/fastcgi.md` has the figures.
final class AttackTests: EndToEndTestCase {
  func testA8_A9_A11_A12_A13_A16_A17_A18_noAttackEndsAWorkerOrKeepsHonestRequestsWaiting() throws {
    let site = try makeInstallation()
    try site.start()
    warmUp(site)
    let before = WorkerCensus(site)
    print("attacks: none: \(before)")
    for attack in Attack.all {
      let (nginx, socket) = honestClients(of: site)
      let end = ContinuousClock.now + .seconds(Repository.isLongRun ? 60 : 1)
      onThreads(2) { _ in
        attack.carryOut(
          .init(path: site.socketPath, end: end, seed: .random(in: .min ... .max)))
      }
      let tallies = (nginx.stop(), socket.stop())
      _ = eventually(within: 5) { WorkerCensus(site).descriptors <= before.descriptors + 12 }
      let after = WorkerCensus(site)
      print("attacks: \(attack.name): nginx: \(tallies.0); socket: \(tallies.1); \(after)")
      XCTAssertEqual(after.workers, before.workers, "\(attack.name): workers have died")
      XCTAssertGreaterThan(tallies.0.answers, 1, attack.name)
      // Far beyond what is measured, for machines that are busy; a peer that waits out a time limit of
      // a read would need ten.
      XCTAssertLessThan(tallies.0.longest, .seconds(5), attack.name)
      XCTAssertLessThan(tallies.1.longest, .seconds(5), attack.name)
      // Each worker's share of those that nginx keeps.
      XCTAssertLessThanOrEqual(after.descriptors, before.descriptors + 12, attack.name)
      XCTAssertLessThan(after.mostMemory, 64 << 10, attack.name)
    }
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testA19_fuzzedSessionsEndNoWorkerAndAllOfThemEnd() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let environment = ProcessInfo.processInfo.environment
    let count = environment["POSTERN_FUZZ_SESSIONS"].flatMap { Int($0) } ?? 4_000
    let seed = environment["POSTERN_FUZZ_SEED"].flatMap { UInt64($0) } ?? .random(in: .min ... .max)
    print("fuzzed sessions: \(count) of POSTERN_FUZZ_SEED=\(seed)")
    warmUp(site)
    let before = WorkerCensus(site)
    let begin = ContinuousClock.now
    let failures = onThreads(2) { thread -> [Int] in
      var sessions = FuzzedSessions(seed: seed &+ UInt64(thread), path: "/password-policy")
      return (0..<(count / 2)).filter { _ in
        (try? FastCGIClient.run(sessions.next(), path: site.socketPath)) != true
      }
    }
    let time = ContinuousClock.now - begin
    XCTAssertEqual(failures.flatMap { $0 }, [], "sessions that did not end, of seed \(seed)")
    _ = eventually(within: 5) { WorkerCensus(site).descriptors <= before.descriptors }
    let after = WorkerCensus(site)
    print("fuzzed sessions: before: \(before); after: \(after); \(time)")
    XCTAssertEqual(after.workers, before.workers, "workers have died, seed \(seed)")
    XCTAssertLessThanOrEqual(after.descriptors, before.descriptors)
    XCTAssertLessThan(after.mostMemory, 64 << 10)
    let client = try FastCGIClient(path: site.socketPath)
    client.send("GET", "/password-policy")
    XCTAssertEqual(try client.reply().status, 200)
  }

  func testH1_aStormOfKillsLeavesHonestRequestsAnswered() throws {
    let site = try makeInstallation()
    try site.start()
    let (nginx, socket) = honestClients(of: site)
    let end = ContinuousClock.now + .seconds(Repository.isLongRun ? 60 : 3)
    var kills = 0
    while ContinuousClock.now < end {
      // As a crash or the kernel would; each has served by then.
      usleep(300_000)
      guard let worker = site.workers.randomElement() else { continue }
      kill(worker, SIGKILL)
      kills += 1
    }
    let tallies = (nginx.stop(), socket.stop())
    print("attacks: \(kills) kills: nginx: \(tallies.0); socket: \(tallies.1)")
    XCTAssertLessThan(tallies.0.longest, .seconds(5))
    XCTAssertGreaterThan(tallies.0.answers, 10)
  }

  func testA27_signalsInTheMiddleOfARequestLoseNothing() throws {
    let site = try makeInstallation()
    try site.start()
    let workers = site.workers
    let (nginx, socket) = honestClients(of: site)
    let end = ContinuousClock.now + .seconds(Repository.isLongRun ? 60 : 2)
    let call = HTTPCall.login("alice")
    while ContinuousClock.now < end {
      let client = try FastCGIClient(path: site.socketPath)
      let request =
        FastCGIClient.head(
          "POST", "/login", length: call.body.count,
          parameters: [("CONTENT_TYPE", "application/json")], from: "127.0.0.1")
        + FastCGIRecord(.standardInput, call.body).bytes + FastCGIRecord(.standardInput).bytes
      for start in stride(from: 0, to: request.count, by: 40) {
        client.send(Array(request[start...].prefix(40)))
        for worker in workers {
          for signal in [SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGHUP, SIGPIPE] {
            kill(worker, signal)
          }
        }
      }
      XCTAssertEqual(try client.reply().status, 200)
    }
    let tallies = (nginx.stop(), socket.stop())
    XCTAssertEqual(tallies.0.failures, 0)
    XCTAssertEqual(tallies.1.failures, 0)
    XCTAssertEqual(site.workers.sorted(), workers.sorted())
  }

  /// Until each worker has opened what it opens for its first request.
  private func warmUp(_ site: Installation) {
    onThreads(8) { _ in
      for _ in 0..<30 {
        guard let client = try? FastCGIClient(path: site.socketPath) else { continue }
        client.send("GET", "/password-policy")
        _ = try? client.reply()
      }
    }
    usleep(500_000)
  }

  /// One that asks through nginx, and one that asks at the socket, each time on a new connection.
  private func honestClients(of site: Installation) -> (nginx: HonestClient, socket: HonestClient) {
    let nginx = HonestClient { try site.ask(.get("/password-policy")).status == 200 }
    let socket = HonestClient {
      let client = try FastCGIClient(path: site.socketPath)
      client.send("GET", "/password-policy", keep: false)
      return try client.reply().status == 200
    }
    return (nginx, socket)
  }
}
