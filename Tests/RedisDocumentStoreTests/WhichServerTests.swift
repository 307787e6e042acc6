import DocumentStore
import Foundation
import Synchronization
import TestSupport
import XCTest

@testable import RedisDocumentStore

/// Which server is asked, and which part of it.
final class WhichServerTests: RedisTestCase {
  /// What was asked of a server that answers as it is told.
  private final class Script: Sendable {
    private let asked = Mutex<[String]>([])
    private let target = Mutex(0)

    var commands: [String] { asked.withLock { $0 } }
    func count(_ name: String) -> Int { commands.count { $0.contains(name) } }
    func note(_ command: String) { asked.withLock { $0.append(command) } }

    /// The port that it names.
    var port: Int {
      get { target.withLock { $0 } }
      set { target.withLock { $0 = newValue } }
    }
  }

  private var fakes: [LoopbackServer] = []

  override func tearDownWithError() throws {
    for fake in fakes { fake.closeAll() }
    try super.tearDownWithError()
  }

  private func fake(
    _ script: Script, _ reply: @escaping @Sendable (_ command: String) -> String
  ) throws -> LoopbackServer {
    let fake = try LoopbackServer { _, connection in
      while let bytes = LoopbackServer.received(from: connection) {
        let command = String(decoding: bytes, as: UTF8.self)
        script.note(command)
        LoopbackServer.send(Array(reply(command).utf8), to: connection)
      }
    }
    fakes.append(fake)
    return fake
  }

  func testTheDatabaseOfTheURLIsUsedAndNoOther() throws {
    let path = "\(folder)/s"
    let server = try start("unixsocket \(path)")
    try patientStore("\(server.url)/3").append(3, to: "a")
    try patientStore("redis+unix://\(path)?database=4").append(4, to: "a")
    XCTAssertEqual(try server.send("DBSIZE"), .number(0))
    XCTAssertNil(try patientStore(server.url).numbers("a"))
    XCTAssertEqual(try patientStore("redis+unix://\(path)?database=3").numbers("a"), [3])
    XCTAssertEqual(try patientStore("\(server.url)/4").keys(of: Ledger.self), ["a"])
    let beyond = try patientStore("\(server.url)/16")
    assertUnavailable { try beyond.append(1, to: "a") }
  }

  func testAllDocumentsOfACollectionAreNamedAndNothingElse() throws {
    let server = try start()
    try server.send(
      "EVAL",
      """
      for number = 1, 2500 do
        redis.call('HSET', 'postern:ledgers:{' .. number .. '}', 'version', '1', 'document', '{}')
      end
      """, "0")
    for name in ["postern:ledgers:{x", "postern:ledgers:x}", "postern:ledgers2:{x}", "x"] {
      try server.send("SET", name, "")
    }
    let keys = try patientStore(server.url).keys(of: Ledger.self)
    XCTAssertEqual(keys.count, 2500)
    XCTAssertEqual(Set(keys), Set((1...2500).map { "\($0)" }))
  }

  // MARK: - Sentinel

  func testG5_aServerThatTheSentinelsNameAndThatIsNoMasterIsNotUsed() throws {
    let first = try start("repl-diskless-sync-delay 0")
    let second = try start("replicaof 127.0.0.1 \(first.port)", "repl-diskless-sync-delay 0")
    func waitForReplica(_ replica: RedisServer) throws {
      try waitUntil("the replica follows", within: 30) {
        try replica.information("master_link_status", of: "replication") == "up"
      }
    }
    try waitForReplica(second)
    let script = Script()
    let sentinel = try fake(script) { _ in
      "*2\r\n$9\r\n127.0.0.1\r\n$\("\(script.port)".utf8.count)\r\n\(script.port)\r\n"
    }
    let store = try patientStore("redis+sentinel://127.0.0.1:\(sentinel.port)/main")
    script.port = second.port
    assertUnavailable("no master") { _ = try store.read(Ledger.self, "a") }
    assertUnavailable("no master") { try store.append(0, to: "a") }
    script.port = first.port
    try store.append(1, to: "a")
    try store.append(2, to: "a")
    XCTAssertEqual(script.commands.count, 3, "who is the master is remembered")

    // The connection to the first is kept, and the first refuses once it is no master.
    try waitUntil("the replica has it", within: 30) {
      try patientStore(second.url).numbers("a") == [1, 2]
    }
    try second.send("REPLICAOF", "NO", "ONE")
    try first.send("REPLICAOF", "127.0.0.1", "\(second.port)")
    try waitForReplica(first)
    script.port = second.port
    assertUnavailable("READONLY") { try store.append(3, to: "a") }
    try store.append(4, to: "a")
    XCTAssertEqual(try patientStore(second.url).numbers("a"), [1, 2, 4])
  }

  // MARK: - Cluster

  func testThePartOfTheClusterThatAKeyBelongsToIsTheServersOwn() throws {
    let server = try start("cluster-enabled yes", "cluster-config-file nodes.conf")
    for key in [
      "", "a", "123456789", "{a}b", "x{a}b", "{}", "{}a", "a{", "a}b{c}d", "{{a}}", "}{a}", "{a",
      "postern:ledgers:{a}b}", "postern:ledgers:{}x}", "postern:ledgers:{é\0}",
    ] {
      XCTAssertEqual(
        try server.send("CLUSTER", "KEYSLOT", key),
        .number(Int(hashSlot(of: Array(key.utf8)))), key)
    }
  }

  /// A cluster of one server, which does not know its own address: it has met no other.
  private func cluster(
    _ script: Script, _ reply: @escaping @Sendable (_ command: String) -> String
  ) throws -> RedisDocumentStore {
    let fake = try fake(script) { command in
      command.contains("SLOTS")
        ? "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:\(script.port)\r\n" : reply(command)
    }
    script.port = fake.port
    return try patientStore("redis+cluster://127.0.0.1:\(fake.port)")
  }

  func testG4_aDocumentThatMovedIsAskedForWhereItIsFromThenOn() throws {
    let server = try start()
    let port = server.port
    let script = Script()
    // Without an address, it is another port of the same server.
    let store = try cluster(script) { _ in "-MOVED 1 :\(port)\r\n" }
    try store.append(1, to: "a")
    try store.append(2, to: "a")
    XCTAssertEqual(try patientStore(server.url).numbers("a"), [1, 2])
    XCTAssertEqual(script.count("HMGET"), 1)
    XCTAssertEqual(script.count("EVAL"), 0)
  }

  func testG4_aDocumentThatIsMovingIsAskedForByTheWayEachTime() throws {
    let script = Script()
    let store = try cluster(script) { command in
      command.contains("ASKING") ? "+OK\r\n*2\r\n$-1\r\n$-1\r\n" : "-ASK 1 :\(script.port)\r\n"
    }
    for _ in 0..<3 { XCTAssertNil(try store.read(Ledger.self, "a")) }
    XCTAssertEqual(script.count("ASKING"), 3)
    XCTAssertEqual(script.count("HMGET"), 6)
  }
}
