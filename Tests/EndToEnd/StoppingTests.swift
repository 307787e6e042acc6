import Foundation
import Synchronization
import TestSupport
import XCTest

/// SIGTERM: requests in hand are answered, and nothing stays behind.
final class StoppingTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testH4_underLoadInFlightRequestsAreAnsweredAndNothingIsLeftBehind() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").accessToken
    let supervisor = try XCTUnwrap(site.postern)
    let workers = site.workers
    XCTAssertEqual(workers.count, Installation.workerCount)

    let statuses = Mutex<[Int: Int]>([:])
    let isOver = Mutex(false)
    let load = DispatchGroup()
    for number in 0..<8 {
      load.enter()
      Thread {
        while !isOver.withLock({ $0 }) {
          let call: HTTPCall = number == 0 ? .login("bob") : .get("/job-list", bearer: token)
          let status = (try? site.ask(call).status) ?? 0
          statuses.withLock { $0[status, default: 0] += 1 }
        }
        load.leave()
      }.start()
    }
    XCTAssertTrue(eventually(within: 10) { statuses.withLock { $0[200] ?? 0 } > 50 })
    supervisor.send(SIGTERM)
    let status = try supervisor.waitForEnd(seconds: 15)
    isOver.withLock { $0 = true }
    load.wait()

    XCTAssertEqual(status, 0)
    XCTAssertEqual(Set(statuses.withLock { $0.keys }).subtracting([200, 502]), [])
    for worker in workers { XCTAssertNil(ProcessTable.state(of: worker), "worker \(worker)") }
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.pidPath))
  }

  /// All of them wait in the queue of the socket when the signal comes, and no worker has seen any.
  func testH4_requestsThatCameBeforeTheSignalAreAnswered() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let supervisor = try XCTUnwrap(site.postern), workers = site.workers
    // Before a worker has its threads, a signal ends it: it has no requests yet.
    for worker in workers {
      let threads = "/proc/\(worker)/task"
      XCTAssertTrue(
        eventually(within: 10) {
          (try? FileManager.default.contentsOfDirectory(atPath: threads).count) ?? 0 > 2
        })
    }
    for worker in workers { kill(worker, SIGSTOP) }
    let clients = try (0..<60).map { _ in try FastCGIClient(path: site.socketPath) }
    for client in clients { client.send("GET", "/current-user") }
    supervisor.send(SIGTERM)
    for worker in workers { kill(worker, SIGTERM) }
    for worker in workers { kill(worker, SIGCONT) }
    let statuses = clients.map { (try? $0.reply().status) ?? 0 }
    XCTAssertEqual(statuses, Array(repeating: 401, count: 60))
    XCTAssertEqual(try supervisor.waitForEnd(), 0)
  }

  /// A sign-in takes tens of milliseconds, so several of these are in a worker's hands.
  func testH4_signInsInHandAreAnswered() throws {
    let site = try makeInstallation()
    try site.start()
    let supervisor = try XCTUnwrap(site.postern)
    let calls = (0..<12).map { HTTPCall.login(["alice", "bob", "carol"][$0 % 3]) }
    let connections = try calls.map { _ in try HTTPConnection(port: site.port) }
    for (connection, call) in zip(connections, calls) {
      try connection.send(call.bytes(keepAlive: false))
    }
    XCTAssertEqual(try connections[0].receive().status, 200)
    supervisor.send(SIGTERM)
    let statuses = try connections.dropFirst().map { try $0.receive().status }
    XCTAssertEqual(try supervisor.waitForEnd(), 0)
    XCTAssertEqual(Set(statuses).subtracting([200]), [], "\(statuses)")
  }

  func testH6_idleKeptConnectionsDoNotHoldUpTheEnd() throws {
    let site = try makeInstallation()
    try site.start()
    _ = try site.askAtOnce(Array(repeating: .get("/current-user"), count: 64))
    let supervisor = try XCTUnwrap(site.postern)
    supervisor.send(SIGTERM)
    XCTAssertEqual(try supervisor.waitForEnd(seconds: 5), 0)
  }

  func testH7_sigintAndSigquitStopAsSigtermDoes() throws {
    let site = try makeInstallation()
    for signal in [SIGINT, SIGQUIT] {
      try site.startPostern()
      let supervisor = try XCTUnwrap(site.postern)
      supervisor.send(signal)
      XCTAssertEqual(try supervisor.waitForEnd(), 0)
      XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
      XCTAssertFalse(FileManager.default.fileExists(atPath: site.pidPath))
    }
  }

  /// Ctrl-C reaches every process of the terminal, and a script that started us adds its own.
  func testH7_signalsThatComeTogetherStopOnceAndRequestsInHandAreAnswered() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let supervisor = try XCTUnwrap(site.postern)
    let request = try HeldRequest(site)
    for process in site.workers { kill(process, SIGINT) }
    supervisor.send(SIGINT)
    supervisor.send(SIGTERM)
    usleep(100_000)
    supervisor.send(SIGTERM)
    usleep(100_000)
    request.finish()
    XCTAssertEqual(try request.client.reply().status, 200)
    XCTAssertEqual(try supervisor.waitForEnd(), 0)
  }

  func testH7_aSecondSignalASecondLaterDoesNotWait() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let supervisor = try XCTUnwrap(site.postern)
    let request = try HeldRequest(site)
    supervisor.send(SIGTERM)
    usleep(1_200_000)
    XCTAssertTrue(supervisor.isRunning)
    supervisor.send(SIGTERM)
    XCTAssertEqual(try supervisor.waitForEnd(seconds: 5), 0)
    XCTAssertTrue(request.client.isEnded())
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
  }

  func testH7_otherSignalsToTheSupervisorDoNoHarm() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let supervisor = try XCTUnwrap(site.postern), workers = site.workers
    for signal in [SIGPIPE, SIGXFSZ, SIGCHLD, SIGHUP, SIGUSR1, SIGUSR2] {
      for _ in 0..<20 { supervisor.send(signal) }
    }
    supervisor.send(SIGTERM)
    XCTAssertEqual(try supervisor.waitForEnd(), 0)
    for worker in workers { XCTAssertNil(ProcessTable.state(of: worker)) }
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.pidPath))
  }

  func testF29_supervisorWhoseLogNobodyReadsGoesOnAndStopsAsEver() throws {
    let site = try makeInstallation()
    let shell = try ChildProcess(
      "/bin/sh",
      ["-c", "{ \"$0\" serve 2>&1; echo $? > status; } | head -n 1"] + [
        Repository.program()
      ], environment: site.environment, log: "\(site.run)/postern.log")
    defer { shell.stop() }
    var workers: [pid_t] { site.pidInFile.map { ProcessTable.children(of: $0) } ?? [] }
    XCTAssertTrue(eventually(within: 20) { workers.count == Installation.workerCount })
    let supervisor = try XCTUnwrap(site.pidInFile)
    // Each death is a line in the log, and only the first one of all finds a reader.
    for _ in 0..<2 {
      let victim = try XCTUnwrap(workers.first)
      kill(victim, SIGKILL)
      XCTAssertTrue(
        eventually(within: 5) {
          workers.count == Installation.workerCount && !workers.contains(victim)
        })
    }
    kill(supervisor, SIGTERM)
    XCTAssertEqual(try shell.waitForEnd(), 0)
    XCTAssertEqual(try String(contentsOfFile: "\(site.run)/status", encoding: .utf8), "0\n")
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.pidPath))
  }

  func testH7_otherSignalsToAWorkerDoNotHarmRequests() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").accessToken
    let workers = site.workers
    for _ in 0..<50 {
      for worker in workers {
        for signal in [SIGPIPE, SIGCHLD, SIGHUP, SIGUSR1, SIGUSR2] { kill(worker, signal) }
      }
      XCTAssertEqual(try site.ask(.get("/job-list", bearer: token)).status, 200)
    }
    XCTAssertEqual(site.workers, workers)
  }
}
