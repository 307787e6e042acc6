import Foundation
import Synchronization
import TestSupport
import XCTest

/// SIGHUP: other settings, keys and programs, and no request that notices.
final class ReloadTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testH8_tenReloadsUnderLoadFailNoRequest() throws {
    let site = try makeInstallation()
    try site.start()
    let load = try Load(site)
    for round in 1...10 {
      let before = site.workers
      try reload(site)
      XCTAssertTrue(isReplaced(before, of: site), "reload \(round)\n\(site.logs)")
    }
    let result = load.finish()
    print("ten reloads: \(result)")
    XCTAssertEqual(Set(result.keys), ["200", "204"], site.logs)
    XCTAssertGreaterThan(result["200"] ?? 0, 200)
  }

  func testH8_moreConnectionsThanTheQueueHoldsOutliveAReload() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_WORKERS": "1"]))
    try site.startPostern()
    let clients = try (0..<600).map { _ in try FastCGIClient(path: site.socketPath) }
    for _ in 1...2 {
      for client in clients {
        client.send("GET", "/password-policy")
        XCTAssertEqual(try client.reply().status, 200)
      }
      let before = Set(site.workers)
      try reload(site)
      XCTAssertTrue(
        eventually(within: 20) { before.isDisjoint(with: site.workers) }, site.logs)
    }
    for client in clients {
      client.send("GET", "/password-policy")
      XCTAssertEqual(try client.reply().status, 200)
    }
  }

  func testH10_workersThatAreReplacedAfterSoManyRequestsFailNone() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_WORKERS_MAX_REQUESTS": "50"]))
    try site.start()
    let first = Set(site.workers)
    let load = try Load(site)
    XCTAssertTrue(
      eventually(within: 20) { first.isDisjoint(with: site.workers) && load.count > 1_000 },
      site.logs)
    let result = load.finish()
    print("workers of 50 requests: \(result)")
    XCTAssertEqual(Set(result.keys), ["200", "204"], site.logs)
  }

  func testH8_M6_newWorkersHaveTheSettingsAndKeysOfNow() throws {
    let site = try makeInstallation()
    try site.start()
    let login = try site.login("alice")
    try write(#"{"modules":{"disabled":["jobs"]}}"#, to: site)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: login.accessToken)).status, 200)
    var before = site.workers
    try reload(site)
    XCTAssertTrue(isReplaced(before, of: site), site.logs)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: login.accessToken)).status, 404)
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: login.accessToken)).status, 200)

    let other = try makeInstallation()
    try other.startPostern()
    other.stop()
    let keys = "\(site.data)/keys.json"
    try FileManager.default.removeItem(atPath: keys)
    try FileManager.default.copyItem(atPath: "\(other.data)/keys.json", toPath: keys)
    before = site.workers
    try reload(site)
    XCTAssertTrue(isReplaced(before, of: site), site.logs)
    XCTAssertEqual(
      try site.ask(.get("/current-user", bearer: login.accessToken)).said, "401 invalid signature")
  }

  func testH8_reloadChangesTheNumberOfWorkers() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_WORKERS": ""]))
    try write(#"{"workers":2}"#, to: site)
    let supervisor = try site.serve()
    defer { supervisor.stop() }
    var before: [pid_t] = []
    for count in [2, 4, 1] {
      try write(#"{"workers":\#(count),"workers.maxRequests":1000}"#, to: site)
      if count != 2 { supervisor.send(SIGHUP) }
      XCTAssertTrue(
        eventually(within: 10) {
          let workers = ProcessTable.children(of: supervisor.id)
          return workers.count == count && Set(before).isDisjoint(with: workers)
        }, "\(count)\n\(supervisor.log)")
      before = ProcessTable.children(of: supervisor.id)
    }
  }

  func testH8_settingsThatCannotBeUsedKeepTheOldWorkersAndTheLogSaysWhy() throws {
    let site = try makeInstallation()
    try site.start()
    let before = site.workers
    let supervisor = try XCTUnwrap(site.postern)
    for (number, settings, reason) in [
      (1, "nonsense", "postern.json"), (2, #"{"tokens":{"grace":-1}}"#, "tokens.grace"),
      (3, #"{"modules":{"disabled":["x"]}}"#, "modules.disabled names x"),
      (4, #"{"run":"/elsewhere"}"#, ""),
    ] {
      try write(settings, to: site)
      supervisor.send(SIGHUP)
      // The environment names the run folder, which comes first: that reload is a good one.
      if reason.isEmpty { break }
      XCTAssertTrue(
        eventually(within: 10) {
          supervisor.log.components(separatedBy: "reload refused").count - 1 == number
        }, supervisor.log)
      XCTAssertTrue(supervisor.log.contains(reason), supervisor.log)
      XCTAssertEqual(site.workers, before)
      XCTAssertEqual(try site.ask(.login("alice")).status, 200)
    }
  }

  func testH8_keysThatCannotBeReadOrAreMissingKeepTheOldWorkers() throws {
    let site = try makeInstallation()
    try site.start()
    let before = site.workers
    let token = try site.login("alice").accessToken
    let keys = "\(site.data)/keys.json", supervisor = try XCTUnwrap(site.postern)
    let spoilings: [() throws -> Void] = [
      { try Data("{".utf8).write(to: URL(fileURLWithPath: keys)) },
      { try FileManager.default.removeItem(atPath: keys) },
    ]
    for (number, spoil) in spoilings.enumerated() {
      try spoil()
      supervisor.send(SIGHUP)
      XCTAssertTrue(
        eventually(within: 10) {
          supervisor.log.components(separatedBy: "reload refused").count == number + 2
        }, supervisor.log)
      XCTAssertEqual(site.workers, before)
      XCTAssertEqual(try site.ask(.get("/job-list", bearer: token)).status, 200)
    }
    XCTAssertTrue(supervisor.log.contains("keys.json is missing"), supervisor.log)
  }

  func testH8_manySignalsDuringAReloadAreOneMoreReload() throws {
    let site = try makeInstallation()
    try site.start()
    let before = site.workers
    let supervisor = try XCTUnwrap(site.postern)
    func count(_ text: String) -> Int { supervisor.log.components(separatedBy: text).count - 1 }
    supervisor.send(SIGHUP)
    // The reload does not end while this one does not serve.
    let successor = try XCTUnwrap(newWorker(of: site, besides: before), site.logs)
    kill(successor, SIGSTOP)
    for _ in 0..<50 {
      supervisor.send(SIGHUP)
      usleep(500)
    }
    XCTAssertEqual(count("reload ended"), 0, supervisor.log)
    kill(successor, SIGCONT)
    XCTAssertTrue(eventually(within: 10) { count("reload ended") == 2 }, supervisor.log)
    usleep(300_000)
    XCTAssertEqual(count("reload started"), 2, supervisor.log)
    XCTAssertTrue(isReplaced(before, of: site), site.logs)
    XCTAssertEqual(site.workers.count, Installation.workerCount)
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testH8_workersThatAreKilledDuringAReloadAreReplaced() throws {
    let site = try makeInstallation()
    try site.start()
    for _ in 0..<3 {
      let before = site.workers
      try reload(site)
      for worker in before.shuffled() {
        usleep(20_000)
        kill(worker, SIGKILL)
      }
      XCTAssertTrue(isReplaced(before, of: site), site.logs)
      XCTAssertTrue(eventually(within: 5) { (try? site.ask(.login("alice")).status) == 200 })
    }
  }

  func testH8_theOnlyWorkerIsKilledWhileItsSuccessorStartsAndTheReloadEnds() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_WORKERS": "1"]))
    try site.startPostern()
    let supervisor = try XCTUnwrap(site.postern)
    for round in 1...3 {
      let old = site.workers
      try reload(site)
      // The process that prepares the reload comes first, and is no worker.
      let successor = try XCTUnwrap(
        newWorker(of: site, besides: old), "round \(round)\n\(site.logs)")
      kill(successor, SIGSTOP)
      for worker in old { kill(worker, SIGKILL) }
      XCTAssertTrue(eventually(within: 5) { Set(old).isDisjoint(with: site.workers) })
      kill(successor, SIGCONT)
      XCTAssertTrue(
        eventually(within: 10) {
          supervisor.log.components(separatedBy: "reload ended").count - 1 == round
        }, "round \(round)\n\(site.logs)")
    }
  }

  private func newWorker(of site: Installation, besides old: [pid_t]) -> pid_t? {
    let end = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < end {
      let new = site.workers.first {
        !old.contains($0) && ProcessTable.text("cmdline", of: $0).contains("--supervised")
      }
      if let new { return new }
      usleep(500)
    }
    return nil
  }

  func testH8_newWorkersRunTheProgramThatLiesAtThePathByThen() throws {
    let folder = try makeInstallation().folder
    let program = "\(folder)/postern"
    try FileManager.default.copyItem(atPath: Repository.program(), toPath: program)
    let site = try makeInstallation(.init(program: program))
    try site.start()
    let old = try inode(of: site.workers[0])
    try FileManager.default.removeItem(atPath: program)
    try FileManager.default.copyItem(atPath: Repository.program(), toPath: program)

    // One that dies before the reload comes back as what it was.
    let victim = site.workers[0]
    kill(victim, SIGKILL)
    XCTAssertTrue(
      eventually(within: 5) {
        site.workers.count == Installation.workerCount && !site.workers.contains(victim)
      }, site.logs)
    XCTAssertEqual(Set(try site.workers.map(inode)), [old])

    let before = site.workers
    try reload(site)
    XCTAssertTrue(isReplaced(before, of: site), site.logs)
    let new = Set(try site.workers.map(inode))
    XCTAssertEqual(new.count, 1)
    XCTAssertFalse(new.contains(old))
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testH8_theSupervisorGoesOnWithTheProgramOfTheReloadAndNoRequestFails() throws {
    let program = "\(try makeInstallation().folder)/postern"
    try FileManager.default.copyItem(atPath: Repository.program(), toPath: program)
    let site = try makeInstallation(.init(program: program))
    try site.start()
    let supervisor = try XCTUnwrap(site.postern)
    let load = try Load(site)
    for round in 1...2 {
      let old = try inode(of: supervisor.id)
      try FileManager.default.moveItem(atPath: program, toPath: "\(program)-\(round)")
      try FileManager.default.copyItem(atPath: Repository.program(), toPath: program)
      try reload(site)
      XCTAssertTrue(
        try eventually(within: 10) { try inode(of: supervisor.id) != old }, site.logs)
      XCTAssertTrue(
        eventually(within: 10) {
          supervisor.log.components(separatedBy: "postern started").count == round + 2
        }, site.logs)
      // The last one of before may still be about to end.
      XCTAssertTrue(
        eventually(within: 10) {
          (try? Set(site.workers.map(inode))) == [(try? inode(of: supervisor.id)) ?? 0]
        }, site.logs)
    }
    let result = load.finish()
    print("two renewals of the supervisor: \(result)")
    XCTAssertEqual(Set(result.keys), ["200", "204"], site.logs)

    // It still has its children, its socket and its lock.
    let victim = try XCTUnwrap(site.workers.first)
    kill(victim, SIGKILL)
    XCTAssertTrue(
      eventually(within: 10) {
        site.workers.count == Installation.workerCount && !site.workers.contains(victim)
      }, site.logs)
    for worker in site.workers {
      let open = ProcessTable.descriptors(of: worker).filter { $0.key > 2 }
      XCTAssertEqual(open.filter { $0.value.hasPrefix("pipe:") }.keys.sorted(), [3, 5], "\(open)")
      // Nothing of the run folder but what all count in.
      XCTAssertFalse(
        open.values.contains { $0.hasPrefix(site.run) && !$0.hasSuffix("/postern.metrics") },
        "\(open)")
    }
    let second = try site.serve(log: "second.log")
    XCTAssertNotEqual(try second.waitForEnd(), 0)
    XCTAssertTrue(second.log.contains("another postern is running"), second.log)
    for process in [supervisor.id] + site.workers {
      XCTAssertEqual(ProcessTable.state(of: process).map { $0 == "Z" }, false)
    }
    supervisor.send(SIGTERM)
    XCTAssertEqual(try supervisor.waitForEnd(), 0)
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.pidPath))
  }

  func testReloadWithoutARunningServiceSaysSo() throws {
    let site = try makeInstallation()
    let (status, output) = try site.command(["reload"])
    XCTAssertNotEqual(status, 0)
    XCTAssertTrue(output.contains("no postern runs in"), output)
  }

  private func reload(_ site: Installation) throws {
    let (status, output) = try site.command(["reload"], settings: ["POSTERN_CONFIG": ""])
    XCTAssertEqual(status, 0, output)
  }

  private func write(_ settings: String, to site: Installation) throws {
    let path = "\(site.run)/postern.json"
    try Data(settings.utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, 0o600)
  }

  private func isReplaced(_ before: [pid_t], of site: Installation) -> Bool {
    eventually(within: 20) {
      let workers = site.workers
      return workers.count == Installation.workerCount && Set(workers).isDisjoint(with: before)
    }
  }

  private func inode(of process: pid_t) throws -> UInt64 {
    var status = stat()
    guard stat("/proc/\(process)/exe", &status) == 0 else { throw Trouble("no process \(process)") }
    return UInt64(status.st_ino)
  }
}
