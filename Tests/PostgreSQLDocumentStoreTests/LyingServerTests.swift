import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// Servers that answer what no PostgreSQL would.
final class LyingServerTests: PostgreSQLTestCase {
  private struct Operation {
    let statement: String
    let run: (PostgreSQLDocumentStore) throws -> Void
  }

  private static let document = StoredDocument(
    bytes: Array(#"{"numbers":[1],"text":""}"#.utf8), version: "new")

  private static func change(
    _ statement: String, _ new: StoredDocument?, insteadOf old: String?
  ) -> Operation {
    Operation(statement: statement) {
      let key = old == nil ? "new" : "a"
      let isDone = try $0.replace("ledgers", key, with: new, expiresAt: nil, insteadOf: old)
      XCTAssertTrue(isDone)
    }
  }

  /// A server that has the document `a`, and a store that asks it by way of a proxy.
  private func proxied() throws -> (PostgreSQLServer, PostgreSQLProxy, PostgreSQLDocumentStore) {
    let server = try start()
    try patientStore(server.url).append(1, to: "a")
    let proxy = try PostgreSQLProxy(to: server)
    addTeardownBlock { proxy.closeAll() }
    return (server, proxy, try patientStore(proxy.url))
  }

  /// That each of these lies is found out in time, its connection closed, and the server asked again
  /// when it is honest.
  private func assertFoundOut(
    _ lies: [Lie], _ operation: Operation, isOfPrepare: Bool = false,
    file: StaticString = #filePath,
    line: UInt = #line
  ) throws {
    let (server, proxy, _) = try proxied()
    for lie in lies {
      let name = "\(operation.statement): \(lie.name)"
      try server.sql(
        """
        delete from postern_documents;
        insert into postern_documents values ('ledgers', 'a', 'old', '{"numbers":[1],"text":""}')
        """)
      let store = PostgreSQLDocumentStore(
        proxy.url, timeout: .seconds(1), statementTimeout: .milliseconds(400))
      let memory = residentMemory()
      let begin = ContinuousClock.now
      proxy.lie(about: operation.statement, isOfPrepare: isOfPrepare, lie.tell)
      XCTAssertThrowsError(try operation.run(store), name, file: file, line: line) { error in
        XCTAssertTrue(error is DocumentStoreError, "\(name): \(error)", file: file, line: line)
        XCTAssertFalse("\(error)".contains("s3cret"), "\(name): \(error)", file: file, line: line)
      }
      // Twice the change, a read, and as long again to connect, on a busy machine.
      XCTAssertLessThan(ContinuousClock.now - begin, .seconds(12), name, file: file, line: line)
      XCTAssertLessThan(residentMemory() - memory, 200 << 20, name, file: file, line: line)
      XCTAssertGreaterThan(proxy.lies, 0, name, file: file, line: line)
      XCTAssertEqual(proxy.usesAfterLies, 0, name, file: file, line: line)
      proxy.stopLying()
      let honest = try Self.untilServed { try store.numbers("a") }
      XCTAssertTrue(honest == [1] || honest == nil, name, file: file, line: line)
    }
  }

  /// On a busy machine the short time may be over with an honest server, too.
  private static func untilServed<R>(_ body: () throws -> R) throws -> R {
    for _ in 0..<20 { if let result = try? body() { return result } }
    return try body()
  }

  func testG3_AReadIsRefusedWhoseAnswerIsNone() throws {
    let nulls = [["v", nil], [nil, "{}"], [nil, nil]].map { row in
      Lie("\(row)", saying: Message.rows(2, [row]))
    }
    let rows = [
      Lie("two rows", saying: Message.rows(2, [["v", "{}"], ["w", "{}"]])),
      Lie("no document", saying: Message.rows(2, [["v", "s3cret"]])),
    ]
    try assertFoundOut(
      Lie.notOfAQuery + nulls + rows,
      Operation(statement: "select version") { _ = try $0.numbers("a") })
  }

  func testG3_AChangeIsNotAcknowledgedWhoseAnswerIsNone() throws {
    try assertFoundOut(
      Lie.notOfAChange, Self.change("update", Self.document, insteadOf: "old"))
  }

  func testG3_ARemovalIsNotAcknowledgedWhoseAnswerIsNone() throws {
    try assertFoundOut(Lie.notOfAChange, Self.change("delete", nil, insteadOf: "old"))
  }

  /// Neither when what is asked afterwards is answered so, too.
  func testG3_ACreationIsNotAcknowledgedWhoseAnswerIsNone() throws {
    try assertFoundOut(
      Lie.notOfAChange,
      Operation(statement: "") { store in
        _ = try store.replace(
          "ledgers", "new", with: Self.document, expiresAt: nil, insteadOf: nil)
      })
  }

  func testG3_AStatementIsNotPreparedWhoseAnswerIsNone() throws {
    let lies =
      Lie.nonsense + [
        Lie("rows", saying: Message.rows(2, [["v", "{}"]])),
        Lie("done", saying: Message.done("UPDATE 1")),
      ]
    try assertFoundOut(
      lies, Operation(statement: "select version") { _ = try $0.numbers("a") }, isOfPrepare: true)
  }

  func testG3_KeysAreNotListedInPart() throws {
    let values: [String?] = ["a", "zz", "+1", "-1", "6", "616", nil]
    let lies = values.map { value in
      Lie("\(value ?? "NULL")", saying: Message.rows(1, [["61"], [value]]))
    }
    try assertFoundOut(
      Lie.notOfAQuery.filter {
        ["closed", "two answers", "a change", "no columns"].contains($0.name)
      } + lies,
      Operation(statement: "select encode") { _ = try $0.keys(of: Ledger.self) })
  }

  func testG3_TablesAreNotTakenForMadeWhereTheirVersionIsNone() throws {
    let lies = ["", "x", "-1", "1x", "99999999999999999999"].map { (version: String) in
      Lie("version \(version)", saying: Message.rows(1, [[version]]))
    }
    let operation = Operation(statement: "select max") { _ = try $0.checkServers() }
    try assertFoundOut(
      lies + [
        Lie("no row", saying: Message.rows(1, [])),
        Lie("rows", saying: Message.rows(1, [["1"], ["1"]])),
      ]
        + Lie.notOfAQuery.filter { !$0.name.contains("end") }, operation)
    try assertFoundOut(
      [
        Lie("no row", saying: Message.rows(3, [])),
        Lie("one column", saying: Message.rows(1, [["on"]])),
      ],
      Operation(statement: "select current_setting") { _ = try $0.checkServers() })
  }

  /// A connection that is an answer behind would hand one user's document to another.
  func testG3_V5_AfterAnAnswerTooManyTheConnectionIsThrownAway() throws {
    let (server, proxy, other) = try proxied()
    try patientStore(server.url).append(2, to: "b")
    for _ in 0..<3 {
      proxy.lie(about: "select version") { answer, client in
        LoopbackServer.send(answer + answer, to: client)
      }
      XCTAssertEqual(try other.numbers("a"), [1])
      XCTAssertEqual(try other.numbers("b"), [2])
      XCTAssertEqual(proxy.usesAfterLies, 0)
    }
  }

  func testG3_AnAnswerThatIsTooLongIsRefusedBeforeItsTimeIsOver() throws {
    let (_, proxy, store) = try proxied()
    proxy.lie(about: "select version") { _, client in
      LoopbackServer.send(Message.bound + Message.columns(2), to: client)
      let row = Message.row(["a", String(repeating: "x", count: 60_000)])
      for _ in 0..<1_000 where LoopbackServer.send(row, to: client) {}
    }
    assertUnavailable("answer is none") { _ = try store.numbers("a") }
  }

  /// It may be that no standby has it.
  func testG2_ARemovalWithAWarningIsNotAcknowledged() throws {
    let (server, proxy, other) = try proxied()
    proxy.lie(about: "delete") { answer, client in
      let warning = Message.error("01000", severity: "WARNING", type: "N")
      LoopbackServer.send(warning + answer, to: client)
    }
    assertUnavailable("lost") { try other.update(Ledger.self, "a") { $0 = nil } }
    XCTAssertNil(try patientStore(server.url).numbers("a"))
  }

  func testG4_AnErrorThatNobodyKnowsIsUnavailable() throws {
    let (_, proxy, other) = try proxied()
    for code in ["ZZZZZ", "XX000", "58030", "08P01", "00000"] {
      for statement in ["select version", "update"] {
        proxy.lie(about: statement) { _, client in
          LoopbackServer.send(Message.error(code) + Message.ready, to: client)
        }
        assertUnavailable("SQLSTATE \(code)") { try other.append(2, to: "a") }
        proxy.stopLying()
      }
    }
  }

  /// What is sent twice, and late, must not bring back what was removed meanwhile.
  func testG2_V4_ACreationWhoseOutcomeIsUnknownIsNotSentAgain() throws {
    let (server, proxy, store) = try proxied()
    var inserts: Int { proxy.requests.count { $0.hasPrefix("insert into postern_documents") } }
    // It was made, and that can be seen.
    proxy.lie(about: "insert") { _, client in shutdown(client, Int32(SHUT_RDWR)) }
    try store.append(1, to: "made")
    XCTAssertEqual(inserts, 1)
    XCTAssertEqual(try store.numbers("made"), [1])
    // It cannot be seen: it may yet be made.
    let url = server.url
    proxy.lie(about: "insert") { _, client in
      _ = try? PostgreSQLServer.run([
        "\(PostgreSQLServer.programs)/psql", "-qX", url, "-c",
        "delete from postern_documents where key = 'gone'",
      ])
      shutdown(client, Int32(SHUT_RDWR))
    }
    assertUnavailable("lost") { try store.append(1, to: "gone") }
    XCTAssertEqual(inserts, 2)
    XCTAssertNil(try store.numbers("gone"))
  }
}
