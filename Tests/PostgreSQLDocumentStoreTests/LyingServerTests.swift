import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// Servers that answer what no PostgreSQL would.
final class LyingServerTests: PostgreSQLTestCase {
  private struct Lie {
    let name: String
    let tell: PostgreSQLProxy.Lie

    init(_ name: String, _ tell: @escaping PostgreSQLProxy.Lie) {
      self.name = name
      self.tell = tell
    }

    /// Says this and then nothing.
    init(_ name: String, saying bytes: [UInt8]) {
      self.init(name) { _, client in LoopbackServer.send(bytes, to: client) }
    }
  }

  /// No answer to any statement at all.
  private static let nonsense: [Lie] = [
    Lie("silence", saying: []),
    Lie("closed") { _, client in shutdown(client, Int32(SHUT_RDWR)) },
    Lie("cut off") { answer, client in
      LoopbackServer.send(Array(answer.dropLast(9)), to: client)
      shutdown(client, Int32(SHUT_RDWR))
    },
    Lie("cut off in a message, then silence") { answer, client in
      LoopbackServer.send(Array(answer.dropLast(8)), to: client)
    },
    Lie("another protocol", saying: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
    Lie("zeros", saying: [UInt8](repeating: 0, count: 1000)),
    Lie("length 0", saying: Message.of("C", length: 0)),
    Lie("a negative length", saying: Message.of("D", length: -1)),
    Lie("2 GiB of a row", saying: Message.bound + Message.of("D", length: Int(Int32.max))),
    Lie("2 GiB of an answer", saying: Message.of("C", length: Int(Int32.max))),
    Lie("nothing done", saying: Message.ready),
    Lie("an empty query", saying: Message.bound + Message.none + Message.of("I") + Message.ready),
    Lie("a copy out", saying: Message.bound + Message.of("H", [0, 0, 0])),
    Lie("a copy in", saying: Message.bound + Message.of("G", [0, 0, 0])),
    Lie("a copy both ways", saying: Message.bound + Message.of("W", [0, 0, 0])),
    Lie(
      "two answers",
      saying: Message.bound + Message.none
        + Message.complete("UPDATE 1") + Message.complete("UPDATE 1") + Message.ready),
    Lie(
      "success after an error",
      saying: Message.error("23505") + Message.complete("UPDATE 1")
        + Message.ready),
    Lie("an error without SQLSTATE", saying: Message.of("E", [0]) + Message.ready),
    Lie("an error whose SQLSTATE is none", saying: Message.error("s3cret\n") + Message.ready),
    Lie("notices without end") { _, client in
      let notice = Message.error("01000", severity: "WARNING", type: "N")
      while LoopbackServer.send(notice + notice + notice, to: client) {}
    },
    Lie("settings without end") { _, client in
      let setting = Message.of("S", Message.text("a") + Message.text("b"))
      while LoopbackServer.send(setting + setting + setting, to: client) {}
    },
    Lie("rows without end") { _, client in
      LoopbackServer.send(Message.bound + Message.columns(2), to: client)
      let row = Message.row(["a", String(repeating: "x", count: 60_000)])
      while LoopbackServer.send(row, to: client) {}
    },
    Lie("a row without end") { _, client in
      LoopbackServer.send(
        Message.bound + Message.columns(2) + Message.of("D", length: 1 << 30), to: client)
      while LoopbackServer.send([UInt8](repeating: 0, count: 60_000), to: client) {}
    },
    Lie("a byte at a time") { answer, client in
      for byte in answer {
        guard LoopbackServer.send([byte], to: client) else { return }
        usleep(100_000)
      }
    },
  ]

  private static let notOfAChange: [Lie] =
    nonsense + [
      Lie("rows", saying: Message.rows(1, [["a"]])),
      Lie(
        "rows without columns",
        saying: Message.bound + Message.columns(0)
          + Message.complete("UPDATE 1") + Message.row([]) + Message.ready),
    ]
    + [
      "", "SELECT 1", "MERGE 1", "COPY 1", "UPDATED 1", "UPDATE", "UPDATE ", "UPDATE x",
      "UPDATE -1",
      "UPDATE 2", "INSERT 0 2", "DELETE 2", "UPDATE 99999999999999999999", "COMMIT", "s3cret",
    ].map { Lie("done: \($0)", saying: Message.done($0)) }
    + ["UPDATE 1", "INSERT 0 1", "DELETE 1"].map {
      Lie(
        "\($0), not committed",
        saying: Message.bound + Message.none + Message.complete($0) + Message.inTransaction)
    }

  private static let notOfAQuery: [Lie] =
    nonsense + [
      Lie("no columns", saying: Message.rows(0, [[]])),
      Lie("too many columns", saying: Message.rows(4, [["1", "{}", "", ""]])),
      Lie("a row that is too short", saying: Message.rows(2, [["a"]])),
      Lie("a row that is too long", saying: Message.rows(2, [["a", "b", "c"]])),
      Lie(
        "rows without their columns",
        saying: Message.bound + Message.none
          + Message.row(["a", "b"]) + Message.complete("SELECT 1") + Message.ready),
      Lie("a change", saying: Message.done("UPDATE 1")),
      Lie("a change of nothing", saying: Message.done("SELECT 0")),
      Lie(
        "a value beyond its row",
        saying: Message.bound + Message.columns(2)
          + Message.of("D", Message.number(2, 2) + Message.number(1000, 4) + [1, 2])
          + Message.complete("SELECT 1") + Message.ready),
    ]

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

  /// That each of these lies is found out in time, its connection closed, and the server asked again
  /// when it is honest.
  private func assertFoundOut(
    _ lies: [Lie], _ operation: Operation, isOfPrepare: Bool = false,
    file: StaticString = #filePath,
    line: UInt = #line
  ) throws {
    let server = try start()
    try patientStore(server.url).append(1, to: "a")
    let proxy = try PostgreSQLProxy(to: server)
    defer { proxy.closeAll() }
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
      Self.notOfAQuery + nulls + rows,
      Operation(statement: "select version") { _ = try $0.numbers("a") })
  }

  func testG3_AChangeIsNotAcknowledgedWhoseAnswerIsNone() throws {
    try assertFoundOut(
      Self.notOfAChange, Self.change("update", Self.document, insteadOf: "old"))
  }

  func testG3_ARemovalIsNotAcknowledgedWhoseAnswerIsNone() throws {
    try assertFoundOut(Self.notOfAChange, Self.change("delete", nil, insteadOf: "old"))
  }

  /// Neither when what is asked afterwards is answered so, too.
  func testG3_ACreationIsNotAcknowledgedWhoseAnswerIsNone() throws {
    try assertFoundOut(
      Self.notOfAChange,
      Operation(statement: "") { store in
        _ = try store.replace(
          "ledgers", "new", with: Self.document, expiresAt: nil, insteadOf: nil)
      })
  }

  func testG3_AStatementIsNotPreparedWhoseAnswerIsNone() throws {
    let lies =
      Self.nonsense + [
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
      Self.notOfAQuery.filter {
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
        + Self.notOfAQuery.filter { !$0.name.contains("end") }, operation)
    try assertFoundOut(
      [
        Lie("no row", saying: Message.rows(3, [])),
        Lie("one column", saying: Message.rows(1, [["on"]])),
      ],
      Operation(statement: "select current_setting") { _ = try $0.checkServers() })
  }

  /// A connection that is an answer behind would hand one user's document to another.
  func testG3_V5_AfterAnAnswerTooManyTheConnectionIsThrownAway() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    try store.append(2, to: "b")
    let proxy = try PostgreSQLProxy(to: server)
    defer { proxy.closeAll() }
    let other = try patientStore(proxy.url)
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
    let server = try start()
    try patientStore(server.url).append(1, to: "a")
    let proxy = try PostgreSQLProxy(to: server)
    defer { proxy.closeAll() }
    let store = try patientStore(proxy.url)
    proxy.lie(about: "select version") { _, client in
      LoopbackServer.send(Message.bound + Message.columns(2), to: client)
      let row = Message.row(["a", String(repeating: "x", count: 60_000)])
      for _ in 0..<1_000 where LoopbackServer.send(row, to: client) {}
    }
    assertUnavailable("answer is none") { _ = try store.numbers("a") }
  }

  /// It may be that no standby has it.
  func testG2_ARemovalWithAWarningIsNotAcknowledged() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    let proxy = try PostgreSQLProxy(to: server)
    defer { proxy.closeAll() }
    let other = try patientStore(proxy.url)
    proxy.lie(about: "delete") { answer, client in
      let warning = Message.error("01000", severity: "WARNING", type: "N")
      LoopbackServer.send(warning + answer, to: client)
    }
    assertUnavailable("lost") { try other.update(Ledger.self, "a") { $0 = nil } }
    XCTAssertNil(try store.numbers("a"))
  }

  func testG4_AnErrorThatNobodyKnowsIsUnavailable() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    let proxy = try PostgreSQLProxy(to: server)
    defer { proxy.closeAll() }
    let other = try patientStore(proxy.url)
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
    let server = try start()
    try patientStore(server.url).append(1, to: "a")
    let proxy = try PostgreSQLProxy(to: server)
    defer { proxy.closeAll() }
    let store = try patientStore(proxy.url)
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
