import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import RedisDocumentStore

/// What is asked of a server before it is used, and how documents end.
final class SettingsTests: RedisTestCase {
  func testG6_aServerThatDropsDocumentsForWantOfMemoryIsRefused() throws {
    let server = try start()
    let store = try patientStore(server.url)
    XCTAssertEqual(try store.checkServers(), [])
    for policy in [
      "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu",
      "volatile-random", "volatile-ttl",
    ] {
      try server.send("CONFIG", "SET", "maxmemory-policy", policy)
      XCTAssertThrowsError(try store.checkServers()) { error in
        XCTAssertTrue("\(error)".contains("maxmemory-policy must be noeviction"), "\(error)")
      }
    }
    try server.send("CONFIG", "SET", "maxmemory-policy", "noeviction")
    XCTAssertEqual(try store.checkServers(), [])
  }

  func testG7_whatAServerMayLoseIsTold() throws {
    let server = try start("user teller on >s3cret ~* +@all -config")
    let store = try patientStore(server.url)
    XCTAssertEqual(try store.checkServers(), [])
    try server.send("CONFIG", "SET", "appendfsync", "everysec")
    XCTAssertEqual(
      try store.checkServers(),
      ["appendfsync is not always: a second's changes may be lost with the server"])
    // Where it may not ask, it tells the worse.
    try server.send("CONFIG", "SET", "appendfsync", "always")
    let teller = try patientStore("redis://teller:s3cret@127.0.0.1:\(server.port)")
    XCTAssertEqual(
      try teller.checkServers(),
      ["appendfsync is not always: a second's changes may be lost with the server"])
    try server.send("CONFIG", "SET", "appendonly", "no")
    XCTAssertEqual(
      try store.checkServers(),
      ["appendonly is off: what was changed since the last snapshot is lost with the server"])
  }

  func testDocumentsEndByTheServersClock() throws {
    let server = try start()
    let store = try patientStore(server.url)
    let hour = 3600.0
    func end(_ key: String, in seconds: Double?) throws {
      try store.update(Ledger.self, key) {
        $0 = Ledger(endsAt: seconds.map { Date(timeIntervalSinceNow: $0) })
      }
    }
    // The servers' clock may be an hour off: until then a document is left.
    try end("soon", in: 6 - hour)
    try end("later", in: 10)
    try end("kept", in: 6 - hour)
    try end("kept", in: nil)
    try end("lengthened", in: 6 - hour)
    try end("lengthened", in: 10)
    XCTAssertEqual(try store.keys(of: Ledger.self).count, 4)
    try waitUntil("the document ends", within: 30) { try store.read(Ledger.self, "soon") == nil }
    XCTAssertEqual(Set(try store.keys(of: Ledger.self)), ["later", "kept", "lengthened"])
    // One that is gone is made anew.
    try store.append(1, to: "soon")
    XCTAssertEqual(try store.numbers("soon"), [1])
    guard case .number(let left) = try server.send("PTTL", "postern:ledgers:{later}") else {
      return XCTFail("no number")
    }
    XCTAssertTrue((3_500_000...3_611_000).contains(left), "\(left)")
    XCTAssertEqual(try server.send("PTTL", "postern:ledgers:{kept}"), .number(-1))
    XCTAssertEqual(try server.send("PTTL", "postern:ledgers:{soon}"), .number(-1))
  }
}
