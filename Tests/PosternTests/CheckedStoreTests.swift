import Accounts
import DocumentStore
import Foundation
import MemoryDocumentStore
import Synchronization
import TestSupport
import XCTest

@testable import Postern

final class CheckedStoreTests: XCTestCase {
  func testAStoreIsUsedOnlyAfterItsCheckAndThatIsMadeOnce() throws {
    let calls = Mutex(0)
    let isGood = Mutex(false)
    let store = CheckedStore(MemoryDocumentStore()) {
      calls.withLock { $0 += 1 }
      if !isGood.withLock({ $0 }) { throw ConfigurationError("not fit") }
    }
    let refusal = DocumentStoreError.unavailable(reason: "not fit")
    for _ in 0..<3 {
      XCTAssertThrowsError(try store.read(HostReport.self, "a")) {
        XCTAssertEqual($0 as? DocumentStoreError, refusal)
      }
      XCTAssertThrowsError(try store.update(HostReport.self, "a") { $0 = nil })
      XCTAssertThrowsError(try store.keys(of: HostReport.self))
    }
    XCTAssertEqual(calls.withLock { $0 }, 1, "a check may take as long as a timeout")
    isGood.withLock { $0 = true }
    usleep(1_100_000)
    for _ in 0..<3 { XCTAssertNil(try store.read(HostReport.self, "a")) }
    XCTAssertEqual(calls.withLock { $0 }, 2)
  }

  func testJ4_failedSignInsOfOneHostCountOnTheOthers() async throws {
    let documents = MemoryDocumentStore()
    let hosts = [
      try await TestHouse(folder: "", isThrottled: true, documents: documents),
      try await TestHouse(folder: "", isThrottled: true, documents: documents),
    ]
    try hosts[0].addUser("alice")
    var statuses: [Int] = []
    for number in 0..<30 {
      let answer = await hosts[number % 2].router.respond(
        to: .make(.post, "/login", json: ["username": "alice", "password": "wrong"]))
      statuses.append(answer.status.code)
    }
    let first = try XCTUnwrap(statuses.firstIndex(of: 429))
    XCTAssertEqual(statuses.prefix(first).count, 20, "as many as one host alone allows")
    XCTAssertEqual(Set(statuses.suffix(from: first)), [429])
  }
}
