import Accounts
import Foundation
import MemoryDocumentStore
import XCTest

/// What an operator is told of the throttle.
final class ThrottleStatusTests: XCTestCase {
  func testTellsHowLongStrangersWaitAtAnAccountAndCountsNothing() throws {
    let throttle = Throttle(documents: MemoryDocumentStore(), key: Array(0..<32))
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    var admitted = 0
    for number in 0..<100 {
      XCTAssertEqual(try throttle.wait(ofStrangersAt: "alice", time: now) == nil, number < 96)
      let address = "192.0.2.\(number)"
      if try throttle.admit(.stranger(address: address), at: "alice", time: now) == nil {
        admitted += 1
      }
    }
    XCTAssertEqual(admitted, 96)
    XCTAssertEqual(try throttle.wait(ofStrangersAt: "alice", time: now), 900)
    XCTAssertEqual(try throttle.wait(ofStrangersAt: "alice", time: now + 800), 100)
    XCTAssertNil(try throttle.wait(ofStrangersAt: "alice", time: now + 900))
    XCTAssertNil(try throttle.wait(ofStrangersAt: "bob", time: now))
  }
}
