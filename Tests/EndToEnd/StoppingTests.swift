import Foundation
import Synchronization
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

  func testH7_sigintStopsAsSigtermDoes() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let supervisor = try XCTUnwrap(site.postern)
    supervisor.send(SIGINT)
    XCTAssertEqual(try supervisor.waitForEnd(), 0)
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
  }

  func testH7_otherSignalsToAWorkerDoNotHarmRequests() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").accessToken
    let workers = site.workers
    for _ in 0..<50 {
      for worker in workers { for signal in [SIGPIPE, SIGCHLD, SIGHUP] { kill(worker, signal) } }
      XCTAssertEqual(try site.ask(.get("/job-list", bearer: token)).status, 200)
    }
    XCTAssertEqual(site.workers, workers)
  }
}
