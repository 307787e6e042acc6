import Foundation
import TestSupport
import XCTest

/// Workers that do not come to an end with a request, or do not react at all.
final class StuckWorkerTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func made(
    workers: Int = 2, limit: Int = 1, settings: [String: String] = [:]
  ) throws -> Installation {
    let site = try makeInstallation(
      .init(
        settings: [
          "POSTERN_WORKERS": "\(workers)", "POSTERN_WORKERS_REQUEST_TIMEOUT": "\(limit)",
        ].merging(settings) { $1 }, program: Repository.builtProgram("StuckProgram")))
    try site.startPostern()
    // The first answer: a worker serves.
    _ = try ask("/process", site)
    return site
  }

  @discardableResult
  private func ask(_ path: String, _ site: Installation) throws -> String {
    let client = try FastCGIClient(path: site.socketPath)
    client.send("GET", path, keep: false)
    return try client.reply().text
  }

  func testH9_handlersThatNeverAnswerEndTheirWorkerAndTheLogNamesTheRoute() throws {
    for (path, route) in [
      ("/stuck/loop/my-secret-path?secret-query", "/stuck/loop/{secret}"),
      ("/stuck/deadlock", "/stuck/deadlock"), ("/stuck/lock", "/stuck/lock"),
    ] {
      let site = try made()
      let supervisor = try XCTUnwrap(site.postern), before = Set(site.workers)
      let stuck = try FastCGIClient(path: site.socketPath)
      stuck.send("GET", path)
      XCTAssertTrue(
        eventually(within: 20) { !before.isSubset(of: site.workers) && site.workers.count == 2 },
        "\(path)\n\(site.logs)")
      XCTAssertTrue(stuck.isEnded(), path)
      XCTAssertEqual(before.intersection(site.workers).count, 1, "only that worker")
      let lines = supervisor.log.split(separator: "\n")
        .filter { $0.contains("request is in hand for too long") }
      XCTAssertEqual(lines.count, 1, supervisor.log)
      XCTAssertTrue(lines.first?.contains("route=\(route) ") == true, "\(lines)")
      XCTAssertTrue(lines.first?.contains("request=r1 ") == true, "\(lines)")
      XCTAssertFalse(supervisor.log.contains("secret-"), supervisor.log)
      // No lock stays behind.
      XCTAssertEqual(try ask("/mark", site), "marked")
      site.stop()
    }
  }

  func testH9_whatElseTheWorkerHasInHandIsAnsweredAndItsConnectionsGoToAnother() throws {
    let site = try made(workers: 1, limit: 2)
    let before = site.workers
    let kept = try FastCGIClient(path: site.socketPath)
    kept.send("GET", "/process")
    XCTAssertEqual(try kept.reply().text, "\(before[0])")
    let stuck = try FastCGIClient(path: site.socketPath)
    stuck.send("GET", "/stuck/deadlock")
    usleep(1_300_000)
    let other = try FastCGIClient(path: site.socketPath)
    other.send("GET", "/slow")
    XCTAssertTrue(
      eventually(within: 10) {
        site.postern?.log.contains("request is in hand for too long") == true
      }, site.logs)
    XCTAssertEqual(try other.reply().text, "slow")
    // The next one is there while the stuck one still has its ten seconds.
    XCTAssertTrue(eventually(within: 5) { !site.workers.filter { !before.contains($0) }.isEmpty })
    XCTAssertTrue(site.workers.contains(before[0]), site.logs)
    kept.send("GET", "/process")
    XCTAssertNotEqual(try kept.reply().text, "\(before[0])")
    XCTAssertTrue(stuck.isEnded())
  }

  func testH9_aWorkerThatIsStoppedIsKilledAndReplaced() throws {
    let site = try made()
    let victim = try XCTUnwrap(pid_t(ask("/process", site)))
    // It serves a moment before it says so; one that never does has 30 s to start.
    usleep(500_000)
    kill(victim, SIGSTOP)
    XCTAssertTrue(
      eventually(within: 15) { !site.workers.contains(victim) && site.workers.count == 2 },
      site.logs)
    XCTAssertTrue(
      site.postern?.log.contains("worker does not react and is killed pid=\(victim)") == true,
      site.logs)
    XCTAssertNotEqual(try ask("/process", site), "")
  }

  func testH9_whereTheSupervisorWasStoppedWithItsWorkersNoneIsKilled() throws {
    let site = try made()
    let workers = site.workers, supervisor = try XCTUnwrap(site.postern)
    for process in [supervisor.id] + workers { kill(process, SIGSTOP) }
    usleep(4_000_000)
    for process in [supervisor.id] + workers { kill(process, SIGCONT) }
    usleep(2_500_000)
    XCTAssertEqual(Set(site.workers), Set(workers), site.logs)
  }

  func testH9_withoutALimitNothingIsEnded() throws {
    let site = try made(limit: 0)
    let workers = site.workers
    let stuck = try FastCGIClient(path: site.socketPath)
    stuck.send("GET", "/stuck/deadlock")
    kill(workers[1], SIGSTOP)
    usleep(3_000_000)
    kill(workers[1], SIGCONT)
    XCTAssertEqual(Set(site.workers), Set(workers))
    // Not even such a request holds up the end for long.
    site.postern?.send(SIGTERM)
    XCTAssertEqual(try site.postern?.waitForEnd(seconds: 15), 0)
  }

  func testH3_aStuckWorkerLeavesWhenTheSupervisorIsKilled() throws {
    let site = try made(workers: 1, limit: 0)
    let worker = site.workers[0]
    let stuck = try FastCGIClient(path: site.socketPath)
    stuck.send("GET", "/stuck/deadlock")
    usleep(300_000)
    site.postern?.send(SIGKILL)
    XCTAssertTrue(
      eventually(within: 15) { [nil, "Z"].contains(ProcessTable.state(of: worker)) })
  }
}
