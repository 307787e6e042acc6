import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// The primary is killed under load, and its standby is promoted.
final class FailoverTests: PostgreSQLTestCase {
  private func failover(
    _ name: String, isSynchronous: Bool, isBehind: Bool
  ) throws -> Load.Outcome {
    let primary = try start("hot_standby=on")
    let standby = try startStandby(of: primary)
    if isSynchronous {
      try primary.sql("alter system set synchronous_standby_names = 'standby'")
      try primary.sql("select pg_reload_conf()")
      try primary.wait(
        for: "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'")
    } else {
      try primary.wait(
        for: "select count(*) = 1 from pg_stat_replication where state = 'streaming'")
    }
    let url = """
      postgresql://postern@/postgres?host=\(primary.place),\(standby.place)\
      &target_session_attrs=read-write
      """
    let stores = try (0..<2).map { _ in
      let store = PostgreSQLDocumentStore(url)
      try store.makeTable()
      return store
    }
    try standby.wait(
      for: "select count(*) = 1 from pg_tables where tablename = 'postern_documents'")
    let load = Load(on: stores, keys: 8)
    load.wait(for: 200, since: .now)
    if isBehind {
      // It no longer gets anything; what waits for it gets no answer any more.
      let senders = try primary.sql("select pid from pg_stat_replication")
      let stopped = ContinuousClock.now
      for id in senders.split(separator: "\n").compactMap({ pid_t($0) }) { kill(id, SIGSTOP) }
      usleep(300_000)
      if !isSynchronous { load.wait(for: 20, since: stopped) }
    }
    let time = ContinuousClock.now
    primary.kill()
    try standby.promote()
    load.wait(for: 100, since: .now)
    let seconds = load.seconds(from: time) ?? .infinity
    let outcome = try load.stop(try patientStore(standby.url))
    print("\(name): \(outcome), served again after \(String(format: "%.1f", seconds)) s")
    XCTAssertLessThan(seconds, 60)
    XCTAssertGreaterThan(outcome.failed, 0)
    XCTAssertEqual(outcome.doubled, 0)
    return outcome
  }

  func testG5_ASynchronousStandbyThatIsPromotedHasAllThatWasAcknowledged() throws {
    let outcome = try failover("synchronous standby", isSynchronous: true, isBehind: false)
    XCTAssertEqual([outcome.lost, outcome.disordered], [0, 0])
  }

  func testG5_ASynchronousStandbyThatIsBehindHasAllThatWasAcknowledged() throws {
    let outcome = try failover("synchronous standby, behind", isSynchronous: true, isBehind: true)
    XCTAssertEqual([outcome.lost, outcome.disordered], [0, 0])
  }

  func testG5_AnAsynchronousStandbyLosesWhatItHasNotReceivedAndNothingIsMadeTwice() throws {
    _ = try failover("asynchronous standby", isSynchronous: false, isBehind: false)
    let behind = try failover(
      "asynchronous standby, 0.3 s behind", isSynchronous: false, isBehind: true)
    XCTAssertGreaterThan(behind.lost, 0)
  }

  func testG5_ASwitchoverSignsNobodyOut() throws {
    let primary = try start("hot_standby=on")
    let standby = try startStandby(of: primary)
    let url = """
      postgresql://postern@/postgres?host=\(primary.place),\(standby.place)\
      &target_session_attrs=read-write
      """
    let store = try patientStore(url)
    try store.append(1, to: "a")
    // A fast shutdown sends all to its standbys first.
    primary.end(SIGINT)
    assertUnavailable { try store.append(2, to: "a") }
    try standby.promote()
    try store.append(3, to: "a")
    XCTAssertEqual(try store.numbers("a"), [1, 3])
  }
}
