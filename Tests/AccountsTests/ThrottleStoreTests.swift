import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import Accounts

/// What the throttle keeps.
final class ThrottleStoreTests: TemporaryFolderTestCase {
  private func throttle() throws -> Throttle {
    Throttle(documents: try FileDocumentStore(path: folder, lockTimeout: .seconds(60)))
  }

  private func time(_ seconds: TimeInterval) -> Date {
    TestHouse.now.addingTimeInterval(seconds)
  }

  func testJ5_ofManyAtOnceExactlyTheFreeOnesAreAdmitted() throws {
    let throttle = try throttle()
    let now = time(0)
    let waits = onThreads(200) { _ in
      Result { try throttle.admit(account: "alice", address: "192.0.2.1", at: now) }
    }
    XCTAssertEqual(try waits.filter { try $0.get() == nil }.count, 20)
    XCTAssertEqual(try waits.filter { try $0.get() == 1 }.count, 180)
  }

  func testJ5_ofManyAtOnceFromOneAddressOnlyTheAdmittedOnesAreCounted() throws {
    let throttle = try throttle()
    let now = time(0)
    let waits = onThreads(200) { number in
      Result { try throttle.admit(account: "u\(number)", address: "192.0.2.1", at: now) }
    }
    XCTAssertEqual(try waits.filter { try $0.get() == nil }.count, 100)
    XCTAssertEqual(try waits.filter { try $0.get() == 1 }.count, 100)
    XCTAssertEqual(try files().filter { $0.contains("/account-") }.count, 100)
  }

  func testJ4_countsOfWholeNumbersAreStillUnderstood() throws {
    let attempts = try JSONDecoder().decode(
      FailedAttempts.self, from: Data(#"{"count":130,"last":0}"#.utf8))
    let start = Date(timeIntervalSinceReferenceDate: 0)
    XCTAssertEqual(attempts.wait(at: start, .account), 180)
    XCTAssertEqual(attempts.wait(at: start, .address), 36)
  }

  func testJ4_restartKeepsTheCounts() throws {
    for number in 0..<20 {
      XCTAssertNil(try throttle().admit(account: "alice", address: "a\(number)", at: time(0)))
    }
    XCTAssertEqual(try throttle().admit(account: "alice", address: "x", at: time(0)), 1)
  }

  func testN4_documentsTellNeitherNameNorAddress() throws {
    let throttle = try throttle()
    _ = try throttle.admit(account: "canary", address: "198.51.100.77", at: time(0))
    let names = try files().filter { $0.hasSuffix(".json") }
    XCTAssertEqual(names.count, 2)
    for name in names {
      let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
      for secret in ["canary", "198.51.100.77"] {
        XCTAssertFalse(name.contains(secret) || text.contains(secret), name)
      }
    }
  }

  func testSuccessLeavesNothingOfASingleAttemptBehind() throws {
    let throttle = try throttle()
    _ = try throttle.admit(account: "alice", address: "x", at: time(0))
    try throttle.succeeded(account: "alice", address: "x")
    XCTAssertEqual(try files().filter { $0.hasSuffix(".json") }, [])
  }
}
