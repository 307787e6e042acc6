import SystemCalls
import XCTest

@testable import Postern

final class WorkerLifeTests: XCTestCase {
  func testH10_lifeEndsAfterItsRequestsAndUpToATenthMore() throws {
    var lengths: Set<Int> = []
    for _ in 0..<50 {
      let life = try WorkerLife(requestLimit: 100)
      var count = 0
      while !isOver(life) {
        life.countRequest()
        count += 1
      }
      lengths.insert(count)
    }
    XCTAssertTrue(lengths.allSatisfy((100...110).contains), "\(lengths)")
    XCTAssertGreaterThan(lengths.count, 1, "all end at once")
  }

  func testWithoutALimitItNeverEnds() throws {
    let life = try WorkerLife(requestLimit: 0)
    for _ in 0..<10_000 { life.countRequest() }
    XCTAssertFalse(isOver(life))
  }

  private func isOver(_ life: WorkerLife) -> Bool {
    let number = life.isOver.descriptor.number
    return (try? System.waitForInput([number], milliseconds: 0)) == [number]
  }
}
