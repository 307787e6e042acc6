import Glibc
import TestSupport

/// What a server says that no PostgreSQL would.
struct Lie {
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

  /// No answer to any statement at all.
  static let nonsense: [Lie] = [
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

  static let notOfAChange: [Lie] =
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

  static let notOfAQuery: [Lie] =
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
}
