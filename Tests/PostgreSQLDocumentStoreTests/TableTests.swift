import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// The table, its versions, and what is removed from it.
final class TableTests: PostgreSQLTestCase {
  func testTableIsMadeOnceAlsoByManyAtOnce() throws {
    let server = try start()
    let url = server.url
    for _ in 0..<5 {
      onThreads(8) { _ in
        assertDone {
          try PostgreSQLDocumentStore(url, statementTimeout: .seconds(30)).makeTable()
        }
      }
      XCTAssertEqual(try server.sql("select version from postern_schema"), "1\n")
      try server.sql("drop table postern_documents, postern_schema")
    }
  }

  func testMissingEarlierAndLaterTablesAreToldApart() throws {
    let server = try start()
    let store = PostgreSQLDocumentStore(server.url, statementTimeout: .seconds(30))
    assertUnavailable("run postern store init") { _ = try store.checkServers() }
    assertUnavailable("run postern store init") { try store.append(1, to: "a") }
    // One that was made before tables had versions.
    try server.sql(PostgreSQLDocumentStore.migrations[0])
    try store.append(1, to: "a")
    assertUnavailable("run postern store init") { _ = try store.checkServers() }
    try store.makeTable()
    XCTAssertEqual(try store.checkServers(), [])
    XCTAssertEqual(try store.numbers("a"), [1])

    // A later version of the program.
    let later =
      PostgreSQLDocumentStore.migrations + [
        "alter table postern_documents add column if not exists more text"
      ]
    onThreads(4) { _ in assertDone { try store.makeTable(later) } }
    XCTAssertEqual(try server.sql("select max(version) from postern_schema"), "2\n")
    try store.append(2, to: "a")
    XCTAssertEqual(try server.sql("select count(more) from postern_documents"), "0\n")
    assertUnavailable("later version") { _ = try store.checkServers() }
    assertUnavailable("later version") { try store.makeTable() }

    // This one, where the table is an earlier one's.
    try server.sql("delete from postern_schema; insert into postern_schema values (0)")
    assertUnavailable("earlier version") { _ = try store.checkServers() }
    try store.makeTable()
    XCTAssertEqual(try store.checkServers(), [])
    XCTAssertEqual(try store.numbers("a"), [1, 2])
  }

  func testWorkersNeedNoRightToMakeTables() throws {
    let server = try start()
    _ = try patientStore(server.url)
    try server.sql(
      """
      create role worker login;
      grant select, insert, update, delete on postern_documents to worker;
      grant select on postern_schema to worker
      """)
    let store = PostgreSQLDocumentStore(server.url(as: "worker"), statementTimeout: .seconds(30))
    XCTAssertEqual(try store.checkServers(), [])
    // Done already: nothing to make.
    try store.makeTable()
    try store.append(1, to: "a")
    try store.append(2, to: "a")
    try store.update(Ledger.self, "a") { $0 = nil }
    XCTAssertNil(try store.numbers("a"))
    XCTAssertEqual(try store.keys(of: Ledger.self), [])
    XCTAssertEqual(try store.removeLeftovers(of: Ledger.self), 0)
  }

  func testExpiredDocumentsAreRemovedAndOthersStay() throws {
    let server = try start()
    let store = try patientStore(server.url)
    let now = Date()
    for (key, seconds) in [("past", -10.0), ("future", 3600)] {
      try store.update(Ledger.self, key) { $0 = Ledger(endsAt: now.addingTimeInterval(seconds)) }
    }
    try store.append(1, to: "lasting")
    try server.sql(
      """
      insert into postern_documents select 'ledgers', decode(md5(n::text), 'hex'), 'v', '{}',
      now() - interval '1 day' from generate_series(1, 2500) n;
      insert into postern_documents values ('others', 'a', 'v', '{}', now() - interval '1 day')
      """)
    XCTAssertEqual(try store.removeLeftovers(of: Ledger.self), 2501)
    XCTAssertEqual(try store.removeLeftovers(of: Ledger.self), 0)
    XCTAssertEqual(try store.keys(of: Ledger.self).sorted(), ["future", "lasting"])
    XCTAssertEqual(try server.sql("select count(*) from postern_documents"), "3\n")
    // One that lives longer by its last change stays.
    try store.update(Ledger.self, "future") { $0?.endsAt = now.addingTimeInterval(-1) }
    try store.update(Ledger.self, "future") { $0?.endsAt = nil }
    XCTAssertEqual(try store.removeLeftovers(of: Ledger.self), 0)
  }

  func testG8_AnEmptiedTableHasNoDocumentsAndGoesOn() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    try server.sql("truncate postern_documents")
    XCTAssertNil(try store.numbers("a"))
    try store.append(2, to: "a")
    XCTAssertEqual(try store.numbers("a"), [2])
  }

  func testWhatMayBeLostWithTheServersSettingsIsTold() {
    func warnings(_ commit: String, _ fsync: String = "on", _ standbys: String = "") -> [String] {
      PostgreSQLDocumentStore.warnings(
        synchronousCommit: commit, fsync: fsync, standbys: standbys)
    }
    XCTAssertEqual(warnings("on"), [])
    XCTAssertEqual(warnings("on", "on", "*"), [])
    XCTAssertEqual(warnings("local"), [])
    // Servers that are not PostgreSQL know none of the settings.
    XCTAssertEqual(warnings("", "", ""), [])
    XCTAssertTrue(warnings("off").first?.hasPrefix("synchronous_commit is off") ?? false)
    XCTAssertTrue(warnings("on", "off").first?.hasPrefix("fsync is off") ?? false)
    XCTAssertTrue(warnings("local", "on", "*").first?.hasPrefix("synchronous_commit is") ?? false)
  }
}
