import DocumentStore
import Foundation
import Glibc
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// The server is away, hangs, or comes back.
final class OutageTests: PostgreSQLTestCase {
  func testG1_AServerThatIsDownIsUnavailableAndServesAgainWhenItIsBack() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    let ends: [(String, () -> Void)] = [
      ("fast", { server.end(SIGINT) }), ("immediate", { server.end(SIGQUIT) }),
      ("kill -9", { server.kill() }),
    ]
    for (number, (name, end)) in ends.enumerated() {
      // Several connections, all of which the server closes.
      onThreads(4) { _ in _ = try? store.numbers("a") }
      end()
      assertUnavailable("cannot connect: ") { try store.append(0, to: "a") }
      assertUnavailable { _ = try store.numbers("a") }
      try server.start()
      try store.append(number + 2, to: "a")
      XCTAssertEqual(try store.numbers("a"), Array(1...number + 2), name)
    }
  }

  func testG1_ARestartBetweenTwoRequestsIsNotNoticed() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    onThreads(4) { _ in _ = try? store.numbers("a") }
    for number in 2...3 {
      server.end(SIGINT)
      try server.start()
      // Its connections are closed, which it finds out by the first statement.
      try store.append(number, to: "a")
    }
    XCTAssertEqual(try store.numbers("a"), [1, 2, 3])
    // Also where that is a change and not a read.
    let stored = try XCTUnwrap(store.stored("ledgers", "a"))
    server.end(SIGINT)
    try server.start()
    XCTAssertTrue(
      try store.replace(
        "ledgers", "a", with: StoredDocument(bytes: stored.bytes, version: "next"), expiresAt: nil,
        insteadOf: stored.version))
    XCTAssertEqual(try store.stored("ledgers", "a")?.version, "next")
  }

  func testG1_AServerThatHangsIsGivenUpInBoundedTime() throws {
    let server = try start()
    let store = PostgreSQLDocumentStore(server.url, statementTimeout: .seconds(1))
    try store.makeTable()
    try store.append(1, to: "a")
    server.signal(SIGSTOP)
    let time = ContinuousClock().measure {
      // The kept connection does not answer; new ones are not made.
      assertUnavailable("no answer in time") { try store.append(2, to: "a") }
      assertUnavailable("timeout expired") { try store.append(3, to: "a") }
    }
    XCTAssertGreaterThan(time, .seconds(2))
    server.signal(SIGCONT)
    try patientStore(server.url).append(4, to: "a")
    try PostgreSQLDocumentStore(server.url, statementTimeout: .seconds(30)).append(5, to: "a")
    XCTAssertEqual(try store.numbers("a")?.filter { $0 > 3 }, [4, 5])
  }

  func testG1_AServerThatTakesConnectionsAndSaysNothingIsGivenUpInBoundedTime() throws {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: "\(folder)/.s.PGSQL.5432".utf8)
    }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    XCTAssertEqual(status, 0)
    XCTAssertEqual(listen(listener, 16), 0)
    let silent = PostgreSQLDocumentStore("postgresql:///postgres?user=postern&host=\(folder)")
    assertUnavailable("timeout expired") { try silent.append(1, to: "a") }
    // And the next host is asked.
    let server = try start()
    let both = try patientStore(
      "postgresql:///postgres?user=postern&host=\(folder),\(server.place)")
    try both.append(1, to: "a")
    XCTAssertEqual(try both.numbers("a"), [1])
  }

  func testG2_E16_HistoriesAreLinearizableWhileTheServerIsKilledAgainAndAgain() throws {
    let server = try start()
    let stores = try (0..<2).map { _ in try patientStore(server.url) }
    let load = Load(on: stores, keys: 8)
    for end in [{ server.kill() }, { server.end(SIGINT) }, { server.end(SIGQUIT) }] {
      load.wait(for: 30, since: .now)
      end()
      try server.start()
    }
    load.wait(for: 30, since: .now)
    let outcome = try load.stop(stores[0])
    print("killed three times: \(outcome)")
    XCTAssertEqual([outcome.lost, outcome.doubled, outcome.disordered], [0, 0, 0])
    XCTAssertGreaterThan(outcome.failed, 0)
  }

  func testG10_ChangesOfOneDocumentFromManyClientsComeOneAfterTheOther() throws {
    let server = try start()
    let stores = try (0..<16).map { _ in try patientStore(server.url) }
    onThreads(16) { thread in
      for number in 0..<10 {
        assertDone { try stores[thread].append(thread * 100 + number, to: "a") }
      }
    }
    let numbers = try XCTUnwrap(stores[0].numbers("a"))
    XCTAssertEqual(numbers.sorted(), (0..<16).flatMap { n in (0..<10).map { n * 100 + $0 } })
    for thread in 0..<16 {
      let own = numbers.filter { $0 / 100 == thread }
      XCTAssertEqual(own, own.sorted())
    }
  }

  func testG7_WithoutSynchronousCommitAKilledServerLosesWhatCameLastAndTheStartSaysSo() throws {
    // The writer of the log sleeps for 10 seconds.
    let server = try start("synchronous_commit=off", "wal_writer_delay=10000")
    let store = try patientStore(server.url)
    XCTAssertEqual(
      try store.checkServers(),
      ["synchronous_commit is off: what was changed last is lost with the server"])
    try server.sql("checkpoint")
    for number in 1...50 { try store.append(number, to: "a") }
    server.kill()
    try server.start()
    let kept = try store.numbers("a")?.count ?? 0
    print("synchronous_commit off, kill -9: \(50 - kept) of 50 lost")
    XCTAssertLessThan(kept, 50)
    XCTAssertEqual(try store.numbers("a") ?? [], Array((1...50).prefix(kept)))

    server.end(SIGINT)
    try server.start([])
    XCTAssertEqual(try store.checkServers(), [])
    for number in 1...50 { try store.append(number, to: "b") }
    server.kill()
    try server.start()
    XCTAssertEqual(try store.numbers("b"), Array(1...50))
  }
}
