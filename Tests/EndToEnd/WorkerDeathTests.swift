import Foundation
import Synchronization
import TestSupport
import XCTest

/// Workers are killed under load, as by a crash or by the kernel.
final class WorkerDeathTests: EndToEndTestCase {
  func testH1_E2_E19_killedWorkersLoseNoRotationAndSignNobodyOut() throws {
    let site = try makeInstallation()
    try site.start()
    for user in 0..<Self.users { try site.addUser("user-\(user)") }
    let end = ContinuousClock.now + .seconds(Repository.isLongRun ? 20 : 4)
    let tally = Mutex(Tally())

    let killer = DispatchGroup()
    killer.enter()
    Thread {
      while ContinuousClock.now < end {
        usleep(500_000)
        guard let worker = site.workers.randomElement() else { continue }
        kill(worker, SIGKILL)
        tally.withLock { $0.kills += 1 }
      }
      killer.leave()
    }.start()
    onThreads(Self.users) { number in
      var client = Client(site: site, name: "user-\(number)")
      while ContinuousClock.now < end { client.step() }
      client.finish()
      tally.withLock { $0.add(client) }
    }
    killer.wait()

    let result = tally.withLock { $0 }
    print("worker deaths: \(result)")
    XCTAssertEqual(result.violations, [])
    XCTAssertGreaterThan(result.kills, 3)
    XCTAssertGreaterThan(result.answered, 100)
    XCTAssertTrue(
      eventually(within: 5) { site.workers.count == Installation.workerCount },
      "not all workers were replaced")
    // The last one killed may still be dying, with this request in its hands.
    XCTAssertTrue(eventually(within: 5) { (try? site.ask(.login("alice")).status) == 200 })
  }

  private static let users = 6

  private struct Tally: CustomStringConvertible {
    var kills = 0, answered = 0, rotations = 0, replays = 0, retries = 0
    var failures: [String: Int] = [:]
    var violations: [String] = []

    mutating func add(_ client: Client) {
      answered += client.answered
      rotations += client.rotations
      replays += client.replays
      retries += client.retries
      failures.merge(client.failures, uniquingKeysWith: +)
      violations += client.violations
    }

    var description: String {
      "\(kills) kills, \(answered) answers, \(rotations) rotations, \(replays) replays, "
        + "\(retries) retries after \(failures)"
    }
  }
}

/// A client that tries again with the token that it holds whenever an answer is lost.
private struct Client {
  let site: Installation
  let name: String
  var answered = 0, rotations = 0, replays = 0, retries = 0
  var failures: [String: Int] = [:]
  var violations: [String] = []
  private var held: (access: String, refresh: String)?
  private var previous: String?

  init(site: Installation, name: String) {
    self.site = site
    self.name = name
  }

  mutating func step() {
    guard let held else {
      guard let answer = insist(.login(name)) else { return }
      self.held = (answer.accessToken, answer.refreshToken)
      return
    }
    switch Int.random(in: 0..<20) {
    case 0:
      guard let answer = insist(.login(name)) else { return }
      self.held = (answer.accessToken, answer.refreshToken)
      previous = nil
    case 1..<9:
      guard let answer = insist(.refresh(held.refresh)) else { return }
      if answer.refreshToken == held.refresh { violations.append("\(name): no successor") }
      rotations += 1
      previous = held.refresh
      self.held = (answer.accessToken, answer.refreshToken)
    case 9..<13:
      guard let previous, let answer = insist(.refresh(previous)) else { return }
      if answer.refreshToken != held.refresh {
        violations.append("\(name): a replay forked the chain, or a rotation was lost")
      }
      replays += 1
    default:
      _ = insist(.get(Bool.random() ? "/job-list" : "/current-user", bearer: held.access))
    }
  }

  /// Whatever became of the workers, the session goes on.
  mutating func finish() {
    if let held { _ = insist(.refresh(held.refresh)) }
  }

  /// Asks until there is an answer; only a 502 and a lost connection are no answers.
  private mutating func insist(_ call: HTTPCall) -> HTTPAnswer? {
    for _ in 0..<50 {
      do {
        let answer = try site.ask(call)
        if answer.status == 200 {
          answered += 1
          return answer
        }
        guard answer.status == 502 else {
          violations.append("\(name): \(call.method) \(call.path) got \(answer.said)")
          return nil
        }
        failures["502", default: 0] += 1
      } catch {
        failures["\(error)", default: 0] += 1
      }
      retries += 1
      usleep(20_000)
    }
    violations.append("\(name): \(call.method) \(call.path) was never answered")
    return nil
  }
}
