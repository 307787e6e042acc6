import DocumentStore
import Foundation
import Synchronization
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// The connection ends between a statement and its answer.
final class UnknownOutcomeTests: PostgreSQLTestCase {
  /// Whether the one change that is running waits for a lock, or for a standby.
  private func waiting(_ kind: String) -> String {
    """
    select count(*) > 0 from pg_stat_activity where wait_event_type = '\(kind)'
    and query like 'update postern_documents%'
    """
  }
  private let terminate = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where query like 'update postern_documents%' and wait_event_type in ('Lock', 'IPC')
    """

  /// Runs an update on another thread, and `body` meanwhile. Returns its error and how often its
  /// closure ran.
  private func meanwhile(
    _ store: PostgreSQLDocumentStore, _ number: Int, _ body: () throws -> Void
  ) throws -> (error: (any Error)?, runs: Int) {
    let result = Mutex<((any Error)?, Int)>((nil, 0))
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      do {
        try store.update(Ledger.self, "a") { ledger in
          result.withLock { $0.1 += 1 }
          var changed = ledger ?? Ledger()
          changed.numbers.append(number)
          ledger = changed
        }
      } catch {
        result.withLock { $0.0 = error }
      }
      done.signal()
    }
    do { try body() } catch {
      XCTFail("\(error), after: \(result.withLock { $0 })")
    }
    XCTAssertEqual(done.wait(timeout: .now() + 60), .success)
    return result.withLock { $0 }
  }

  func testG2_AChangeThatWasAppliedBeforeItsConnectionEndedIsAcknowledgedAndNotMadeTwice() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    // Commits wait for a standby that there is not: applied and not answered.
    try server.sql("alter system set synchronous_standby_names = 'none'")
    try server.sql("select pg_reload_conf()")
    try server.wait(for: "select current_setting('synchronous_standby_names') = 'none'")
    let (error, runs) = try meanwhile(store, 2) {
      try server.wait(for: waiting("IPC"))
      XCTAssertEqual(try server.sql(terminate), "t\n")
      // It is there for everybody, and still not answered: what waits now is another statement.
      try server.wait(for: "select document->'numbers' = '[1, 2]' from postern_documents")
      try server.wait(for: waiting("IPC"))
      try server.sql("alter system reset synchronous_standby_names")
      try server.sql("select pg_reload_conf()")
    }
    XCTAssertNil(error)
    XCTAssertEqual(runs, 1)
    XCTAssertEqual(try store.numbers("a"), [1, 2])
  }

  func testG2_AChangeThatNoStandbyHasIsNotAcknowledged() throws {
    let server = try start()
    let store = PostgreSQLDocumentStore(server.url, statementTimeout: .seconds(2))
    try store.makeTable()
    try store.append(1, to: "a")
    try server.sql("alter system set synchronous_standby_names = 'none'")
    try server.sql("select pg_reload_conf()")
    try server.wait(for: "select current_setting('synchronous_standby_names') = 'none'")
    // Neither where the connection ends, nor where the wait is ended, which is answered as success
    // with a warning.
    for (number, end) in [(2, "pg_terminate_backend"), (3, "pg_cancel_backend")] {
      let (error, runs) = try meanwhile(store, number) {
        try server.wait(for: waiting("IPC"))
        try server.sql(terminate.replacingOccurrences(of: "pg_terminate_backend", with: end))
      }
      guard case DocumentStoreError.unavailable = try XCTUnwrap(error) else {
        return XCTFail("\(String(describing: error))")
      }
      XCTAssertEqual(runs, 1)
      // What was given up still waits in the server, and holds the row.
      try server.sql(terminate)
      try server.wait(for: waiting("IPC").replacingOccurrences(of: "> 0", with: "= 0"))
    }
    XCTAssertEqual(try store.numbers("a"), [1, 2, 3])
  }

  func testG2_AChangeThatWasNotAppliedBeforeItsConnectionEndedIsMadeOnce() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    let other = try PostgreSQLConnection(server.url)
    try other.run("begin")
    try other.run("select 1 from postern_documents for update")
    let (error, runs) = try meanwhile(store, 2) {
      try server.wait(for: waiting("Lock"))
      XCTAssertEqual(try server.sql(terminate), "t\n")
      try server.wait(for: waiting("Lock"))
      try other.run("commit")
    }
    XCTAssertNil(error)
    XCTAssertEqual(runs, 1)
    XCTAssertEqual(try store.numbers("a"), [1, 2])
  }

  func testG2_AChangeThatIsCarriedOutAfterItsTimeIsOverIsMadeOnce() throws {
    let server = try start()
    let store = PostgreSQLDocumentStore(server.url, statementTimeout: .seconds(2))
    try store.makeTable()
    try store.append(1, to: "a")
    let other = try PostgreSQLConnection(server.url)
    try other.run("begin")
    try other.run("select 1 from postern_documents for update")
    let two = waiting("Lock").replacingOccurrences(of: "> 0", with: "> 1")
    let (error, runs) = try meanwhile(store, 2) {
      // The first is given up and waits in the server, before the second.
      try server.wait(for: two)
      try other.run("commit")
    }
    XCTAssertNil(error)
    XCTAssertEqual(runs, 1)
    XCTAssertEqual(try store.numbers("a"), [1, 2])

    // Where both are given up, nobody knows; it is made once, and later.
    try other.run("begin")
    try other.run("select 1 from postern_documents for update")
    assertUnavailable("no answer in time") { try store.append(3, to: "a") }
    XCTAssertEqual(try store.numbers("a"), [1, 2])
    try other.run("commit")
    try server.wait(
      for: waiting("Lock").replacingOccurrences(of: "> 0", with: "= 0"))
    try server.wait(for: "select document->'numbers' = '[1, 2, 3]' from postern_documents")
    try store.append(4, to: "a")
    XCTAssertEqual(try store.numbers("a"), [1, 2, 3, 4])
  }

  func testG2_ARemovalWhoseAnswerIsLostIsNotClaimedByTwo() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    let version = try XCTUnwrap(store.stored("ledgers", "a")?.version)
    let other = try PostgreSQLConnection(server.url)
    try other.run("begin")
    try other.run("select 1 from postern_documents for update")
    let outcome = Mutex<Result<Bool, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      outcome.withLock {
        $0 = Result {
          try store.replace("ledgers", "a", with: nil, expiresAt: nil, insteadOf: version)
        }
      }
      done.signal()
    }
    let isWaiting = waiting("Lock").replacingOccurrences(
      of: "update post", with: "delete from post")
    try server.wait(for: isWaiting)
    try server.sql(terminate.replacingOccurrences(of: "update post", with: "delete from post"))
    try server.wait(for: isWaiting)
    // Another one removes it first.
    try other.run("delete from postern_documents")
    try other.run("commit")
    XCTAssertEqual(done.wait(timeout: .now() + 60), .success)
    XCTAssertThrowsError(try outcome.withLock { try $0?.get() })
  }
}
