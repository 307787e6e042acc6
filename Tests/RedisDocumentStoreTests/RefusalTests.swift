import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import RedisDocumentStore

/// Servers that are there and refuse, and what a key may hold.
final class RefusalTests: RedisTestCase {
  func testG4_fullMemoryRefusesChangesAndStillServesReadsAndRemovals() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(1, to: "a")
    try server.send("CONFIG", "SET", "maxmemory", "1")
    assertUnavailable("OOM") { try store.append(2, to: "a") }
    XCTAssertEqual(try store.numbers("a"), [1])
    try store.update(Ledger.self, "a") { $0 = nil }
    XCTAssertNil(try store.numbers("a"))
    try server.send("CONFIG", "SET", "maxmemory", "0")
    try store.append(3, to: "a")
    XCTAssertEqual(try store.numbers("a"), [3])
  }

  func testG4_aReplicaRefusesChangesUntilItIsPromoted() throws {
    let primary = try start()
    let replica = try start("replicaof 127.0.0.1 \(primary.port)")
    try waitUntil("the replica follows", within: 30) {
      try replica.information("master_link_status", of: "replication") == "up"
    }
    let store = try patientStore(replica.url)
    assertUnavailable("READONLY") { try store.append(1, to: "a") }
    XCTAssertNil(try store.numbers("a"))
    try replica.send("REPLICAOF", "NO", "ONE")
    try store.append(2, to: "a")
    XCTAssertEqual(try store.numbers("a"), [2])
  }

  func testG4_aServerBusyWithAScriptRefusesUntilItIsKilled() throws {
    let server = try start("busy-reply-threshold 1")
    let store = try store(server.url, commandTimeout: .seconds(2))
    try store.append(1, to: "a")
    let port = server.port
    let isOver = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let host = RedisHost(name: "127.0.0.1", port: port)
      let connection = try? RedisConnection(to: host, timeout: .seconds(60))
      _ = try? connection?.send(["EVAL", "while true do end", "0"].map { Array($0.utf8) })
      isOver.signal()
    }
    try waitUntil("the script runs", within: 30) {
      do {
        try store.append(2, to: "a")
        return false
      } catch DocumentStoreError.unavailable(let reason) {
        return reason.contains("BUSY")
      }
    }
    try server.send("SCRIPT", "KILL")
    isOver.wait()
    try store.append(3, to: "a")
    XCTAssertEqual(try store.numbers("a")?.last, 3)
  }

  func testG4_scriptsThatWereForgottenAreLoadedAgain() throws {
    let server = try start()
    let store = try patientStore(server.url)
    for number in 1...3 {
      try store.append(number, to: "a")
      try server.send("SCRIPT", "FLUSH")
    }
    XCTAssertEqual(try store.numbers("a"), [1, 2, 3])
    try store.append(4, to: "a")
    try store.append(5, to: "a")
    // Loaded by the fourth, and known to the fifth.
    let calls = try server.send("INFO", "commandstats").string ?? ""
    XCTAssertTrue(calls.contains("cmdstat_eval:calls=4,"), calls)
    XCTAssertTrue(calls.contains("cmdstat_evalsha:calls=5,"), calls)
  }

  /// One script for the comparison and the change; a read, a change, and nothing else.
  func testG10_anUpdateCostsTwoRoundTrips() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try store.append(0, to: "a")
    try server.send("CONFIG", "RESETSTAT")
    for number in 1...10 { try store.append(number, to: "a") }
    let calls = try server.send("INFO", "commandstats").string ?? ""
    XCTAssertTrue(calls.contains("cmdstat_hmget:calls=10,"), calls)
    XCTAssertTrue(calls.contains("cmdstat_evalsha:calls=10,"), calls)
    XCTAssertFalse(calls.contains("cmdstat_multi"), calls)
    XCTAssertFalse(calls.contains("cmdstat_auth"), calls)
    XCTAssertEqual(try server.information("total_connections_received", of: "stats"), "2")
  }

  func testG12_aWrongPasswordIsUnavailableAndNotTold() throws {
    let server = try start("requirepass s3cret", "user postern on >s3cret2 ~* +@all")
    let address = "127.0.0.1:\(server.port)"
    for credentials in ["", "wr0ng@", ":wr0ng@", "postern:wr0ng@", "nobody:s3cret@", ":%00@"] {
      let store = try patientStore("redis://\(credentials)\(address)")
      let attempts: [() throws -> Void] = [
        { _ = try store.read(Ledger.self, "a") }, { try store.append(1, to: "a") },
        { _ = try store.checkServers() },
      ]
      for attempt in attempts {
        XCTAssertThrowsError(try attempt()) { error in
          guard case DocumentStoreError.unavailable(let reason) = error else {
            return XCTFail("\(error)")
          }
          XCTAssertTrue(reason.contains("WRONGPASS") || reason.contains("NOAUTH"), reason)
          XCTAssertFalse(reason.contains("wr0ng") || reason.contains("s3cret"), reason)
        }
      }
    }
    for credentials in [":s3cret@", "default:s3cret@", "postern:s3cret2@"] {
      try patientStore("redis://\(credentials)\(address)").append(1, to: "a")
    }
  }

  func testG12_aPasswordThatIsChangedEndsWithTheConnectionsThatUsedIt() throws {
    let server = try start("requirepass first")
    let store = try patientStore("redis://:first@127.0.0.1:\(server.port)")
    try store.append(1, to: "a")
    try server.send("CONFIG", "SET", "requirepass", "second", password: "first")
    try server.send("CLIENT", "KILL", "TYPE", "normal", password: "second")
    assertUnavailable("WRONGPASS") { try store.append(2, to: "a") }
    try server.send("CONFIG", "SET", "requirepass", "first", password: "second")
    try store.append(3, to: "a")
    XCTAssertEqual(try store.numbers("a"), [1, 3])
  }

  /// The rights that Docs/redis.md names, and no others.
  func testG12_theRightsThatTheDocumentationNamesAreEnough() throws {
    let server = try start(Self.durably + [try Documented.user(password: "s3cret")])
    let store = try patientStore("redis://postern:s3cret@127.0.0.1:\(server.port)")
    XCTAssertEqual(try store.checkServers(), [])
    try store.append(1, to: "a")
    try store.update(Ledger.self, "a") { $0?.endsAt = Date(timeIntervalSinceNow: 60) }
    try store.append(2, to: "a")
    XCTAssertEqual(try store.numbers("a"), [1, 2])
    XCTAssertEqual(try store.keys(of: Ledger.self), ["a"])
    try store.update(Ledger.self, "a") { $0 = nil }
    XCTAssertEqual(try store.keys(of: Ledger.self), [])
    try server.send("ACL", "SETUSER", "postern", "-hset")
    assertUnavailable { try store.append(3, to: "a") }
  }

  func testG4_whatIsNoDocumentIsDamagedAndLeftAsItIs() throws {
    let server = try start()
    let store = try patientStore(server.url)
    try server.send("SET", "postern:ledgers:{text}", "x")
    try server.send("HSET", "postern:ledgers:{half}", "document", "{}")
    try server.send("HSET", "postern:ledgers:{other}", "version", "1", "document", "[")
    for key in ["text", "half", "other"] {
      let attempts: [() throws -> Void] = [
        { _ = try store.numbers(key) }, { try store.append(1, to: key) },
      ]
      for attempt in attempts {
        XCTAssertThrowsError(try attempt(), key) { error in
          guard case DocumentStoreError.damaged = error else { return XCTFail("\(key): \(error)") }
        }
      }
    }
    XCTAssertEqual(try server.send("GET", "postern:ledgers:{text}").string, "x")
    var findings: [String] = []
    store.check(Ledger.self) { name, _ in findings.append(name) }
    XCTAssertEqual(findings.count, 3)
  }

  func testG9_whatIsInAKeyOrADocumentIsNeverACommand() throws {
    let server = try start()
    let store = try patientStore(server.url)
    let keys = [
      "a\r\nFLUSHALL\r\n", "*1\r\n$8\r\nFLUSHALL\r\n", "{", "}", "{}", "}{", "{a}b", "a}", "*", "?",
      "[a]", "\\", "\0", "a\0b", "' .. redis.call('FLUSHALL') .. '", "$-1\r\n", " ", "é",
      "e\u{301}",
    ]
    for (number, key) in keys.enumerated() {
      try store.append(number, to: key)
      try store.update(Ledger.self, key) { $0?.text = key }
    }
    for (number, key) in keys.enumerated() {
      XCTAssertEqual(try store.numbers(key), [number], key)
      XCTAssertEqual(try store.read(Ledger.self, key)?.text, key)
    }
    XCTAssertEqual(
      Set(try store.keys(of: Ledger.self).map { Array($0.utf8) }), Set(keys.map { Array($0.utf8) }))
    XCTAssertEqual(try server.send("DBSIZE"), .number(keys.count))
  }
}
