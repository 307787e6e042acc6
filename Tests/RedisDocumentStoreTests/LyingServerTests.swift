import DocumentStore
import Foundation
import RedisDocumentStore
import Synchronization
import TestSupport
import XCTest

/// Servers that answer what no Redis would.
final class LyingServerTests: RedisTestCase {
  private typealias Lie = @Sendable (_ connection: Int32) -> Void

  private var fakes: [LoopbackServer] = []

  override func tearDownWithError() throws {
    for fake in fakes { fake.closeAll() }
    try super.tearDownWithError()
  }

  /// A server that does `lie` after each command.
  private func fake(_ lie: @escaping Lie) throws -> LoopbackServer {
    let fake = try LoopbackServer { _, connection in
      while LoopbackServer.received(from: connection) != nil { lie(connection) }
    }
    fakes.append(fake)
    return fake
  }

  private func saying(_ text: String) throws -> LoopbackServer {
    try fake { LoopbackServer.send(Array(text.utf8), to: $0) }
  }

  /// Reads and changes: each fails within the time, and the memory stays what it was.
  private func assertRefused(
    _ what: String, by fake: LoopbackServer, file: StaticString = #filePath, line: UInt = #line
  ) throws {
    let store = try store(fake.url, commandTimeout: .milliseconds(300))
    let memory = residentMemory()
    let begin = ContinuousClock.now
    let attempts: [() throws -> Void] = [
      { _ = try store.read(Ledger.self, "a") }, { try store.append(1, to: "a") },
      { _ = try store.keys(of: Ledger.self) }, { _ = try store.checkServers() },
    ]
    for attempt in attempts {
      XCTAssertThrowsError(try attempt(), what, file: file, line: line) { error in
        XCTAssertTrue(
          error is DocumentStoreError || error is UnfitStore, "\(what): \(error)", file: file,
          line: line)
        XCTAssertFalse("\(error)".contains("s3cret"), "\(what): \(error)", file: file, line: line)
      }
    }
    XCTAssertLessThan(
      (ContinuousClock.now - begin) / .seconds(1), 20, what, file: file, line: line)
    XCTAssertLessThan(residentMemory() - memory, 200 << 20, what, file: file, line: line)
  }

  func testG3_aReplyThatIsCutOffIsAnError() throws {
    for text in ["*2\r\n$5\r\nab", "*2\r\n", "$", "*2\r\n$1\r\na\r\n", "+OK", ":12"] {
      try assertRefused("\(text), then silence", by: saying(text))
      try assertRefused(
        "\(text), then closed",
        by: fake { connection in
          LoopbackServer.send(Array(text.utf8), to: connection)
          shutdown(connection, Int32(SHUT_RDWR))
        })
    }
  }

  func testG3_aReplyOfAnotherKindIsAnError() throws {
    for text in [
      "+s3cret\r\n", ":1\r\n:2\r\n", "$6\r\ns3cret\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n",
      "*1\r\n:1\r\n", "*2\r\n:1\r\n:2\r\n", "*2\r\n$6\r\ns3cret\r\n$-1\r\n", "*2\r\n*0\r\n*0\r\n",
      "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", "*2\r\n-ERR s3cret\r\n-ERR\r\n",
      "*2\r\n$1\r\na\r\n$6\r\ns3cret\r\n",
    ] {
      try assertRefused(text, by: saying(text))
    }
  }

  func testG3_aReplyThatSaysItIsHugeIsRefused() throws {
    for text in [
      "$9223372036854775807\r\ns3cret", "$9223372036854775808\r\n", "$4294967296\r\n",
      "$-2147483648\r\n", "*2147483647\r\n", "*4294967296\r\n", "*9223372036854775807\r\n",
      "*-7\r\n", "*65537\r\n", "*2\r\n*2147483647\r\n", "$99999999999999999999999999\r\n",
    ] {
      try assertRefused(text, by: saying(text))
    }
    try assertRefused("nested", by: saying(String(repeating: "*1\r\n", count: 100_000)))
    let wide = String(repeating: "*65536\r\n", count: 7)
    try assertRefused("wide", by: saying(wide + String(repeating: "*65536\r\n", count: 1000)))
  }

  func testG3_aReplyThatNeverEndsIsRefused() throws {
    for start in ["+", "$100000000\r\n", "-", "*2\r\n$1\r\na\r\n$1000000000\r\n", "*60000\r\n"] {
      let chunk = Array(String(repeating: "x", count: 65_536).utf8)
      try assertRefused(
        "\(start), then x",
        by: fake { connection in
          LoopbackServer.send(Array(start.utf8), to: connection)
          while LoopbackServer.send(chunk, to: connection) {}
        })
    }
    try assertRefused(
      "replies without end",
      by: fake { connection in
        let replies = Array(String(repeating: "$1\r\nx\r\n", count: 10_000).utf8)
        while LoopbackServer.send(replies, to: connection) {}
      })
    try assertRefused(
      "a byte at a time",
      by: fake { connection in
        LoopbackServer.send(Array("$1000\r\n".utf8), to: connection)
        while LoopbackServer.send([1], to: connection) { usleep(50_000) }
      })
  }

  func testG3_whatIsNoReplyAtAllIsAnError() throws {
    var random = SystemRandomNumberGenerator()
    for text in [
      "HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n\r\n", "\0\0\0\0", "?1\r\n", "s3cret\r\n",
    ] {
      try assertRefused(text, by: saying(text))
    }
    for _ in 0..<20 {
      let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
      try assertRefused("\(bytes)", by: fake { LoopbackServer.send(bytes, to: $0) })
    }
  }

  /// A connection that is a reply behind would hand one user's document to another.
  func testG3_V5_afterAReplyTooManyTheConnectionIsThrownAway() throws {
    let connections = Mutex(0)
    let fake = try LoopbackServer { _, connection in
      let number = connections.withLock { count in
        count += 1
        return count
      }
      let document = #"{"numbers":[\#(number)],"text":""}"#
      let reply = "*2\r\n$1\r\nv\r\n$\(document.utf8.count)\r\n\(document)\r\n"
      while LoopbackServer.received(from: connection) != nil {
        LoopbackServer.send(Array((reply + reply).utf8), to: connection)
      }
    }
    fakes.append(fake)
    let store = try patientStore(fake.url)
    XCTAssertEqual(try store.numbers("a"), [1])
    XCTAssertEqual(try store.numbers("b"), [2])
  }

  func testG4_aServerThatRefusesIsUnavailableAndItsWordsStayWithIt() throws {
    for code in [
      "LOADING", "READONLY", "OOM", "MISCONF", "NOAUTH", "NOPERM", "BUSY", "CLUSTERDOWN",
      "MASTERDOWN",
      "NOREPLICAS", "ERR", "MOVED", "ASK", "TRYAGAIN", "",
    ] {
      try assertRefused(code, by: saying("-\(code) s3cret\r\n"))
    }
  }

  /// A cluster of one server, which sends those who ask elsewhere.
  private func clusterServer(redirection: String) throws -> RedisDocumentStore {
    let shared = SharedPort()
    let fake = try LoopbackServer { _, connection in
      while let bytes = LoopbackServer.received(from: connection) {
        let command = String(decoding: bytes, as: UTF8.self)
        let slots = "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:\(shared.port)\r\n"
        let reply =
          command.contains("SLOTS")
          ? slots : (command.contains("ASKING") ? "+OK\r\n" : "") + "-\(redirection)\r\n"
        let here = reply.replacingOccurrences(of: "HERE", with: "127.0.0.1:\(shared.port)")
        LoopbackServer.send(Array(here.utf8), to: connection)
      }
    }
    shared.port = fake.port
    fakes.append(fake)
    return try store("redis+cluster://127.0.0.1:\(fake.port)", commandTimeout: .seconds(5))
  }

  func testG4_serversThatSendElsewhereForEverOrNowhereAreLeft() throws {
    for redirection in [
      "MOVED 1 HERE", "ASK 1 HERE", "MOVED", "ASK", "MOVED 1 :0", "ASK 1 127.0.0.1:x",
      "MOVED 1 127.0.0.1:65536", "ASK 1 :", "MOVED 1 []:1",
    ] {
      let store = try clusterServer(redirection: redirection)
      assertUnavailable(String(redirection.prefix(3))) { _ = try store.read(Ledger.self, "a") }
      assertUnavailable(String(redirection.prefix(3))) { try store.append(1, to: "a") }
    }
  }

  func testG4_aClusterThatNamesNoServerIsUnavailable() throws {
    for reply in [
      "*0\r\n", "*-1\r\n", "*1\r\n:1\r\n", "*1\r\n*0\r\n", ":1\r\n", "-ERR\r\n",
      "*1\r\n*3\r\n:-1\r\n:16383\r\n*2\r\n$1\r\na\r\n:1\r\n",
      "*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\na\r\n:1\r\n",
      "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\na\r\n:0\r\n",
      "*1\r\n*3\r\n:0\r\n:16383\r\n*0\r\n",
    ] {
      let fake = try saying(reply)
      let store = try store("redis+cluster://127.0.0.1:\(fake.port)", commandTimeout: .seconds(2))
      assertUnavailable { _ = try store.read(Ledger.self, "a") }
      assertUnavailable { try store.append(1, to: "a") }
      assertUnavailable { _ = try store.keys(of: Ledger.self) }
    }
  }

  func testG4_sentinelsThatNameNoServerAreUnavailable() throws {
    for reply in [
      "*-1\r\n", "*2\r\n:1\r\n:1\r\n", "*2\r\n$1\r\na\r\n$1\r\nx\r\n", "+OK\r\n", "-ERR\r\n",
    ] {
      let fake = try saying(reply)
      let store = try store(
        "redis+sentinel://127.0.0.1:\(fake.port)/postern", commandTimeout: .seconds(2))
      assertUnavailable { _ = try store.read(Ledger.self, "a") }
      assertUnavailable { try store.append(1, to: "a") }
    }
  }

  func testG4_aScriptThatIsNeverKnownIsSentOnceMoreAndNoMore() throws {
    let changes = Mutex(0)
    let fake = try LoopbackServer { _, connection in
      while let bytes = LoopbackServer.received(from: connection) {
        let isChange = String(decoding: bytes, as: UTF8.self).contains("EVAL")
        if isChange { changes.withLock { $0 += 1 } }
        let reply = isChange ? "-NOSCRIPT No matching script.\r\n" : "*2\r\n$-1\r\n$-1\r\n"
        LoopbackServer.send(Array(reply.utf8), to: connection)
      }
    }
    fakes.append(fake)
    let store = try patientStore(fake.url)
    assertUnavailable("NOSCRIPT") { try store.append(1, to: "a") }
    XCTAssertEqual(changes.withLock { $0 }, 2)
  }
}

/// Known only once the server has it.
private final class SharedPort: Sendable {
  private let value = Mutex(0)

  var port: Int {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
