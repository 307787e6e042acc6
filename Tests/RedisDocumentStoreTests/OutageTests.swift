import DocumentStore
import Foundation
import RedisDocumentStore
import Sessions
import TestSupport
import XCTest

/// Servers that are not there, that say nothing, or that lose what they had.
final class OutageTests: RedisTestCase {
  func testG1_aServerThatIsDownIsUnavailableUntilItIsThere() throws {
    let port = try LoopbackServer.freePort()
    let store = try patientStore("redis://127.0.0.1:\(port)")
    assertUnavailable("Connection refused") { _ = try store.read(Ledger.self, "a") }
    assertUnavailable("Connection refused") { try store.append(1, to: "a") }
    assertUnavailable("Connection refused") { _ = try store.checkServers() }
    let server = try start(Self.durably, port: port)
    try store.append(2, to: "a")
    server.kill()
    assertUnavailable { try store.append(3, to: "a") }
    assertUnavailable { _ = try store.read(Ledger.self, "a") }
    try server.start()
    try store.append(4, to: "a")
    XCTAssertEqual(try store.numbers("a"), [2, 4])
  }

  func testG1_aUnixSocketThatIsNotThereIsUnavailable() throws {
    let path = "\(folder)/s"
    let store = try patientStore("redis+unix://\(path)")
    assertUnavailable { _ = try store.read(Ledger.self, "a") }
    let server = try start("unixsocket \(path)")
    try store.append(1, to: "a")
    server.kill()
    assertUnavailable { try store.append(2, to: "a") }
    try server.start()
    XCTAssertEqual(try store.numbers("a"), [1])
  }

  /// A host that says nothing at all, not even that it refuses.
  func testG1_aConnectionThatIsNeverMadeEndsInTime() throws {
    let (listener, port) = try LoopbackServer.bound(backlog: 0)
    defer { close(listener) }
    // The kernel lets no more in than fit into its queue.
    let fillers = (0..<8).compactMap { _ in
      LoopbackServer.connected(to: port, flags: Int32(SOCK_NONBLOCK.rawValue))
    }
    defer { for filler in fillers { close(filler) } }
    usleep(100_000)
    let store = try store("redis://127.0.0.1:\(port)", commandTimeout: .milliseconds(300))
    try assertWithin(5) { assertUnavailable { try store.append(1, to: "a") } }
  }

  func testG1_aServerThatStandsStillHoldsNobodyLongerThanTheTimeout() throws {
    let server = try start()
    let store = try store(server.url, commandTimeout: .milliseconds(500))
    try store.append(1, to: "a")
    server.stop()
    try assertWithin(10) { assertUnavailable("no reply in time") { try store.append(2, to: "a") } }
    try assertWithin(10) {
      // More than are kept: each thread has its own connection, and all end.
      XCTAssertFalse(onThreads(100) { (try? store.append($0, to: "b")) != nil }.contains(true))
    }
    server.goOn()
    try waitUntil("it serves again", within: 30) { (try? store.append(3, to: "a")) != nil }
    XCTAssertEqual(try store.numbers("a")?.first, 1)
    XCTAssertEqual(try store.numbers("a")?.last, 3)
  }

  func testG1_aSlowServerIsWaitedFor() throws {
    let server = try start()
    let proxy = try RedisProxy(to: server.port, replyDelay: 300_000)
    let store = try store(proxy.url, commandTimeout: .seconds(3))
    try store.append(1, to: "a")
    XCTAssertEqual(try store.numbers("a"), [1])
    let hasty = try self.store(proxy.url, commandTimeout: .milliseconds(100))
    assertUnavailable("no reply in time") { _ = try hasty.read(Ledger.self, "a") }
  }

  private func assertWithin(_ seconds: Double, _ body: () throws -> Void) throws {
    let time = try ContinuousClock().measure(body)
    XCTAssertLessThan(time / .seconds(1), seconds)
  }

  // MARK: - What a server loses that is killed

  private func resultOfKilling(_ lines: [String]) throws -> Load.Result {
    let server = try start(lines)
    let load = Load([try store(server.url), try store(server.url)], pause: 500)
    usleep(2_000_000)
    server.kill()
    try server.start()
    usleep(500_000)
    load.stop()
    return try load.result(try patientStore(server.url))
  }

  func testG7_V1_whatWasAcknowledgedSurvivesAKilledServerWithAppendfsyncAlways() throws {
    let result = try resultOfKilling(Self.durably)
    print("| one server, appendfsync always, killed | \(result) |")
    XCTAssertGreaterThan(result.acknowledged, 100)
    XCTAssertEqual(result.lost, 0)
    XCTAssertEqual(result.doubled, 0)
  }

  func testG7_whatIsLostWithLessIsCounted() throws {
    let second = try resultOfKilling(["save \"\"", "appendonly yes", "appendfsync everysec"])
    print("| one server, appendfsync everysec, killed | \(second) |")
    XCTAssertEqual(second.doubled, 0)
    let all = try resultOfKilling(["save \"\"", "appendonly no"])
    print("| one server, appendonly no, killed | \(all) |")
    XCTAssertGreaterThan(all.lost, 0)
    XCTAssertEqual(all.doubled, 0)
  }

  func testG8_V4_afterEverythingIsGoneNoSessionIsLive() throws {
    let server = try start()
    let store = try patientStore(server.url)
    let sessions = SessionStore(documents: store, policy: SessionPolicy())
    let now = Date()
    let device = Device(fingerprint: nil, userAgent: "browser", address: "192.0.2.1")
    let live = try XCTUnwrap(
      sessions.beginSession(ofUser: "1", named: "alice", on: device, at: now))
    let ended = try XCTUnwrap(
      sessions.beginSession(ofUser: "1", named: "alice", on: device, at: now))
    try sessions.endSession(ended.id, ofUser: "1", at: now)
    try server.send("FLUSHALL")
    XCTAssertFalse(try sessions.isLive(live.id, ofUser: "1", at: now))
    XCTAssertFalse(try sessions.isLive(ended.id, ofUser: "1", at: now))
    let next = try XCTUnwrap(
      sessions.beginSession(ofUser: "1", named: "alice", on: device, at: now))
    XCTAssertTrue(try sessions.isLive(next.id, ofUser: "1", at: now))
  }
}
