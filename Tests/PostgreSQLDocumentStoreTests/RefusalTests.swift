import DocumentStore
import Foundation
import Synchronization
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// The server answers, and does not do what it was asked.
final class RefusalTests: PostgreSQLTestCase {
  func testG4_SerializationFailuresAreRetried() throws {
    let server = try start("default_transaction_isolation=serializable")
    let stores = try (0..<8).map { _ in try patientStore(server.url) }
    onThreads(8) { thread in
      for number in 0..<10 {
        assertDone { try stores[thread].append(thread * 10 + number, to: "a") }
      }
    }
    XCTAssertEqual(try stores[0].numbers("a")?.sorted(), Array(0..<80))
    // Made for certain, for changes and for reads.
    try failOnce(server, "40001")
    try stores[0].append(80, to: "a")
    XCTAssertEqual(try stores[0].numbers("a")?.last, 80)
    XCTAssertEqual(try server.sql("select last_value > 1 from fails"), "t\n")
  }

  /// Lets the next change fail.
  private func failOnce(_ server: PostgreSQLServer, _ code: String) throws {
    try server.sql(
      """
      create sequence fails;
      create function fail() returns trigger language plpgsql as $$ begin
        if nextval('fails') = 1 then raise exception 'now' using errcode = '\(code)'; end if;
        return new;
      end $$;
      create trigger fail before update on postern_documents for each row execute function fail()
      """)
  }

  func testG4_ADeadlockIsRetried() throws {
    let server = try start("deadlock_timeout=5s")
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    // A change of the document takes another lock after its own.
    try server.sql(
      """
      create table others (number int); insert into others values (0);
      create function more() returns trigger language plpgsql as $$ begin
        update others set number = number + 1; return null;
      end $$;
      create trigger more after update on postern_documents for each row execute function more()
      """)
    let other = try PostgreSQLConnection(server.url)
    try other.run("set deadlock_timeout = '1min'")
    try other.run("begin")
    try other.run("update others set number = 100")
    let failure = Mutex<(any Error)?>(nil)
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      do { try store.append(2, to: "a") } catch { failure.withLock { $0 = error } }
      done.signal()
    }
    try server.wait(
      for: """
        select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock'
        and query like 'update postern_documents%'
        """)
    // The other way round: the store's statement is the first to find that they wait for each other.
    try other.run("select 1 from postern_documents for update")
    try other.run("commit")
    XCTAssertEqual(done.wait(timeout: .now() + 60), .success)
    XCTAssertNil(failure.withLock { $0 })
    XCTAssertEqual(try store.numbers("a"), [1, 2])
    XCTAssertTrue(server.log.contains("deadlock detected"))
  }

  func testG4_AChangeWhoseCommitFailsIsNotAcknowledged() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    try server.sql(
      """
      create function fail() returns trigger language plpgsql as $$ begin
        raise exception 'at the end' using errcode = '23514'; end $$;
      create constraint trigger fail after update on postern_documents deferrable initially deferred
      for each row execute function fail()
      """)
    assertUnavailable("SQLSTATE 23514") { try store.append(2, to: "a") }
    XCTAssertEqual(try store.numbers("a"), [1])
  }

  func testG4_WhatWaitsTooLongForALockIsBusyAndChangesNothing() throws {
    let server = try start()
    try patientStore(server.url).append(1, to: "a")
    let other = try PostgreSQLConnection(server.url)
    for timeout in ["lock_timeout", "statement_timeout"] {
      let store = PostgreSQLDocumentStore(
        server.url(as: "postern", "&options=-c%20\(timeout)%3D300"), statementTimeout: .seconds(30))
      try other.run("begin")
      try other.run("select 1 from postern_documents for update")
      assertUnavailable("SQLSTATE", isBusy: true) { try store.append(2, to: "a") }
      XCTAssertEqual(try store.numbers("a"), [1])
      try other.run("rollback")
    }
    try patientStore(server.url).append(3, to: "a")
    XCTAssertEqual(try patientStore(server.url).numbers("a"), [1, 3])
  }

  func testG4_AServerThatOnlyReadsIsUnavailableUntilItWrites() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    try server.sql("alter database postgres set default_transaction_read_only = on")
    // The kept connection still writes; another one does not.
    let late = PostgreSQLDocumentStore(server.url, statementTimeout: .seconds(30))
    assertUnavailable("SQLSTATE 25006") { try late.append(2, to: "a") }
    XCTAssertEqual(try late.numbers("a"), [1])
    // What it says, and what comes of a host that is asked for writes.
    let writing = PostgreSQLDocumentStore(
      server.url(as: "postern", "&target_session_attrs=read-write"))
    assertUnavailable("read-only") { try writing.append(2, to: "a") }
    let owner = try PostgreSQLConnection(server.url)
    try owner.run("set default_transaction_read_only = off")
    try owner.run("alter database postgres reset default_transaction_read_only")
    try late.append(3, to: "a")
    try writing.append(4, to: "a")
    XCTAssertEqual(try late.numbers("a"), [1, 3, 4])
  }

  func testG4_AFullDiskRefusesChangesAndKeepsWhatIsThere() throws {
    guard getuid() == 0 else { throw XCTSkip("takes a file system of its own") }
    let small = "\(folder)/small"
    try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
    let server = try start(
      before: [
        "/usr/bin/unshare", "-m", "/bin/sh", "-c",
        "mount -t tmpfs -o size=1m tmpfs \"$0\" && chown postgres \"$0\" && exec \"$@\"", small,
      ])
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    try server.sql("create tablespace small location '\(small)'")
    try server.sql("alter table postern_documents set tablespace small")
    var refusal: (any Error)?
    for number in 0..<2_000 where refusal == nil {
      do { try store.append(number, to: "user-\(number)") } catch { refusal = error }
    }
    guard case DocumentStoreError.unavailable(let reason) = try XCTUnwrap(refusal) else {
      return XCTFail("\(String(describing: refusal))")
    }
    XCTAssertTrue(reason.contains("SQLSTATE 53100"), reason)
    XCTAssertEqual(try store.numbers("a"), [1])
    XCTAssertEqual(try store.numbers("user-0"), [0])
    // Room again, and served again.
    try server.sql("alter table postern_documents set tablespace pg_default")
    try store.append(2, to: "a")
    XCTAssertEqual(try store.numbers("a"), [1, 2])
  }

  func testG12_AWrongPasswordIsToldWithoutIt() throws {
    let server = try start()
    _ = try patientStore(server.url)
    try server.sql(
      """
      create role worker login password 'right-password';
      grant select, insert, update, delete on postern_documents to worker;
      grant select on postern_schema to worker
      """)
    try "local all worker scram-sha-256\nlocal all all trust\n".write(
      toFile: "\(server.place)/data/pg_hba.conf", atomically: true, encoding: .utf8)
    try server.sql("select pg_reload_conf()")
    func store(_ password: String) -> PostgreSQLDocumentStore {
      PostgreSQLDocumentStore(server.url(as: "worker:\(password)"), statementTimeout: .seconds(30))
    }
    let right = store("right-password")
    XCTAssertEqual(try right.checkServers(), [])
    try right.append(1, to: "a")
    for (password, text) in [
      ("wrong-password", "password authentication failed"), ("wr%zzpassword", "cannot connect"),
    ] {
      XCTAssertThrowsError(try store(password).append(2, to: "a")) { error in
        XCTAssertTrue("\(error)".contains(text), "\(error)")
        XCTAssertFalse("\(error)".contains(password.prefix(5)), "\(error)")
        XCTAssertFalse("\(error)".contains(server.place), "\(error)")
      }
    }
    // One that was changed: kept connections go on, new ones need it.
    try server.sql("alter role worker password 'new-password'")
    try right.append(3, to: "a")
    try server.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'worker'")
    assertUnavailable("password authentication failed") { try right.append(4, to: "a") }
    try store("new-password").append(5, to: "a")
    XCTAssertEqual(try store("new-password").numbers("a"), [1, 3, 5])
    // It may do nothing else.
    XCTAssertThrowsError(try store("new-password").makeTable([""] + ["create table more ()"]))
  }

  func testG4_TooManyConnectionsAreUnavailableUntilOneIsFree() throws {
    let server = try start()
    _ = try patientStore(server.url)
    try server.sql(
      """
      create role worker login connection limit 1;
      grant select, insert, update, delete on postern_documents to worker
      """)
    let store = PostgreSQLDocumentStore(server.url(as: "worker"), statementTimeout: .seconds(30))
    try store.append(1, to: "a")
    let other = PostgreSQLDocumentStore(server.url(as: "worker"))
    assertUnavailable("too many connections") { try other.append(2, to: "a") }
    try store.append(3, to: "a")
    try server.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'worker'")
    try other.append(4, to: "a")
    XCTAssertEqual(try other.numbers("a"), [1, 3, 4])
  }

  func testG4_PreparedStatementsThatAreGoneOrOutOfDateAreMadeAgain() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    let pool = ConnectionPool(server.url)
    let query = "select version from postern_documents"
    func ask(_ statement: String) throws -> Int {
      try pool.run(
        statement, columns: statement == query ? 1 : 0, isRepeatable: false, within: .seconds(30)
      ).rows.count
    }
    XCTAssertEqual(try ask(query), 1)
    for forget in ["deallocate all", "discard all"] {
      _ = try ask(forget)
      XCTAssertEqual(try ask(query), 1)
    }
    try server.sql("alter table postern_documents alter version type varchar(100)")
    XCTAssertEqual(try ask(query), 1)
    try store.append(2, to: "a")
    XCTAssertEqual(try store.numbers("a"), [1, 2])
  }

  func testG9_NamesAndContentsAreNeverPartOfAStatement() throws {
    let server = try start()
    let store = try patientStore(server.url)
    let hostile = ["'; drop table postern_documents; --", "$1", "\\", "a\0b", "\r\n", "{a}", "%s"]
    for (number, key) in hostile.enumerated() {
      try store.update(Ledger.self, key) { $0 = Ledger(numbers: [number], text: key) }
    }
    for (number, key) in hostile.enumerated() {
      XCTAssertEqual(try store.read(Ledger.self, key), Ledger(numbers: [number], text: key))
    }
    XCTAssertEqual(try store.keys(of: Ledger.self).sorted(), hostile.sorted())
  }

  func testLibrarysMessagesAreToldWithoutWhatMayBeSecret() {
    func reason(_ message: String) -> String { PostgreSQLConnection.reason(message) }
    XCTAssertEqual(reason(""), "cannot connect")
    XCTAssertEqual(reason("invalid percent-encoded token: \"pass%zz\"\n"), "cannot connect")
    XCTAssertEqual(reason("bad option in \"x failed: secret\"\n"), "cannot connect")
    XCTAssertEqual(
      reason("connection to server at \"a\", port 1 failed: Connection refused\n\tIs it?\n"),
      "cannot connect: Connection refused")
    XCTAssertEqual(
      reason(
        "connection to server at \"a\" failed: x\nconnection to server at \"b\" failed: FATAL:  y"),
      "cannot connect: FATAL:  y")
  }
}
