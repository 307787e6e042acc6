import Foundation
import HandlerKit
import TestSupport
import XCTest

/// How many durable updates a sign-in takes: each waits for the disk.
final class SignInUpdateTests: LoginTestCase {
  private func updates(_ house: TestHouse, _ store: CountingStore, _ json: [String: Any]) async
    -> (count: Int, response: Response)
  {
    let before = store.updates
    let response = await house.router.respond(to: .make(.post, "/login", json: json))
    return (store.updates - before, response)
  }

  func testThreeCountsAndTheSessionForAStrangerAndOneCountForAKnownBrowser() async throws {
    // A wrong password counts in the user's document too, and the right one after it takes that back.
    var failures = 0
    let own = try await house(isThrottled: true)
    let store = CountingStore(own.documents)
    let house = try await TestHouse(folder: folder, isThrottled: true, documents: store)
    var json = ["username": "alice", "password": TestHouse.password]
    // One has mistyped three times.
    for password in ["x", "y", "z", TestHouse.password, TestHouse.password] {
      json["password"] = password
      let (count, response) = await updates(house, store, json)
      let isRight = password == TestHouse.password
      XCTAssertEqual(response.status, isRight ? .ok : .badRequest)
      XCTAssertEqual(count, isRight ? failures == 0 ? 4 : 5 : 3)
      failures = isRight ? 0 : failures + 1
    }
    json["device"] = ""
    let first = await updates(house, store, json).response
    var device = try XCTUnwrap(first.json["device"] as? String)
    for _ in 0..<4 {
      json["device"] = device
      let (count, response) = await updates(house, store, json)
      XCTAssertEqual(response.status, .ok)
      XCTAssertEqual(count, 2)
      device = try XCTUnwrap(response.json["device"] as? String)
    }
  }
}
