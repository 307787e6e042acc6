import Dispatch
import Execution
import XCTest

final class BargingLockTests: XCTestCase {
  func testThreadsChangeItsValueOneAtATime() {
    let lock = BargingLock(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for _ in 0..<100_000 { lock.withLock { $0 += 1 } }
    }
    XCTAssertEqual(lock.withLock { $0 }, 800_000)
  }

  func testItIsFreeAfterAnError() {
    struct Failure: Error {}
    let lock = BargingLock(0)
    XCTAssertThrowsError(
      try lock.withLock { value in
        value = 1
        throw Failure()
      })
    XCTAssertEqual(lock.withLock { $0 }, 1)
  }
}
