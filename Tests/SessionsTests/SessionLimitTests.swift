import Foundation
import XCTest

@testable import Sessions

final class SessionLimitTests: XCTestCase {
  private func begin(
    _ count: Int, limit: Int, _ whenFull: SessionPolicy.WhenFull
  ) -> (chain: Chain, begun: [String]) {
    var chain = Chain()
    chain.policy.limit = limit
    chain.policy.whenFull = whenFull
    let begun = (0..<count).map { chain.begin(at: TimeInterval($0)).id }
    return (chain, begun)
  }

  func testUpToTheLimitAllStay() {
    for whenFull in SessionPolicy.WhenFull.allCases {
      for limit in [1, 5] {
        let (chain, begun) = begin(limit, limit: limit, whenFull)
        XCTAssertEqual(chain.user.sessions.map(\.id), begun)
      }
    }
  }

  func testResetKeepsOnlyTheNewOne() {
    for limit in [1, 5] {
      let (chain, begun) = begin(limit + 1, limit: limit, .reset)
      XCTAssertEqual(chain.user.sessions.map(\.id), [begun[limit]])
    }
    let (chain, begun) = begin(8, limit: 5, .reset)
    XCTAssertEqual(chain.user.sessions.map(\.id), Array(begun[5...]))
  }

  func testEvictOldestRemovesTheOneCreatedFirst() {
    for limit in [1, 5] {
      let (chain, begun) = begin(limit + 3, limit: limit, .evictOldest)
      XCTAssertEqual(chain.user.sessions.map(\.id), Array(begun[3...]))
    }
  }

  func testEvictOldestGoesByCreationAndNotByUse() throws {
    var (chain, begun) = begin(5, limit: 5, .evictOldest)
    _ = chain.rotate(try XCTUnwrap(chain.user.sessions.first), at: [10])
    _ = chain.begin(at: 20)
    XCTAssertEqual(chain.user.sessions.dropLast().map(\.id), Array(begun[1...]))
  }

  func testEvictOldestComesDownToALimitThatWasLowered() {
    var (chain, begun) = begin(5, limit: 5, .evictOldest)
    chain.policy.limit = 2
    let new = chain.begin(at: 20)
    XCTAssertEqual(chain.user.sessions.map(\.id), [begun[4], new.id])
  }

  func testExpiredOnesDoNotCountAndAreDroppedAtTheNextWrite() {
    for whenFull in SessionPolicy.WhenFull.allCases {
      var chain = Chain()
      chain.policy = SessionPolicy(limit: 2, whenFull: whenFull, refreshLifetime: 100)
      _ = chain.begin(at: 0)
      let live = chain.begin(at: 50)
      let new = chain.begin(at: 100)
      XCTAssertEqual(chain.user.sessions.map(\.id), [live.id, new.id])
    }
  }

  func testExpiredOnesAreDroppedAtARotationAndAtAReuse() {
    for isReuse in [false, true] {
      var chain = Chain()
      chain.policy.refreshLifetime = 100
      _ = chain.begin(at: 0)
      let live = chain.begin(at: 50)
      let last = chain.begin(at: 60)
      let token = isReuse ? "unknown" : live.current.id
      _ = chain.refresh(live, with: token, at: 120)
      XCTAssertEqual(chain.user.sessions.map(\.id), isReuse ? [last.id] : [live.id, last.id])
    }
  }

  func testNewSessionHasAnIDOfItsOwnAndKnowsItsDevice() {
    var user = UserSessions(username: "alice")
    let device = Device(
      fingerprint: nil, userAgent: String(repeating: "x", count: 300), address: "2001:db8::1")
    let first = user.begin(on: device, at: Chain.time(0), policy: SessionPolicy())
    let second = user.begin(on: device, at: Chain.time(0), policy: SessionPolicy())
    XCTAssertNotEqual(first.id, second.id)
    XCTAssertNotEqual(first.current.id, second.current.id)
    XCTAssertEqual(first.userAgent.count, 256)
    XCTAssertEqual(first.address, "2001:db8::1")
    XCTAssertEqual(first.createdAt, Chain.time(0))
  }
}
