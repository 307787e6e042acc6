import Foundation
import Synchronization
import TestSupport
import XCTest

@testable import FileDocumentStore

/// The queue of the threads of one process for one lock.
final class TurnsTests: XCTestCase {
  private let turns = Turns()

  /// Waits until so many threads wait.
  private func awaitWaiting(_ count: Int) {
    for _ in 0..<5_000 where turns.count(waitingFor: "a") != count { usleep(1_000) }
    XCTAssertEqual(turns.count(waitingFor: "a"), count)
  }

  func testTurnsAreTakenInTheOrderInWhichTheyWereAskedFor() {
    XCTAssertTrue(turns.take("a", until: .now + .seconds(30)))
    let order = Mutex<[Int]>([])
    let group = DispatchGroup()
    for number in 0..<8 {
      group.enter()
      Thread.detachNewThread { [turns] in
        XCTAssertTrue(turns.take("a", until: .now + .seconds(30)))
        order.withLock { $0.append(number) }
        turns.giveBack("a")
        group.leave()
      }
      awaitWaiting(number + 1)
    }
    turns.giveBack("a")
    group.wait()
    XCTAssertEqual(order.withLock { $0 }, Array(0..<8))
    XCTAssertNil(turns.count(waitingFor: "a"), "nothing is left behind")
  }

  func testWhoeverTimesOutLeavesTheQueueAndHoldsUpNobody() {
    XCTAssertTrue(turns.take("a", until: .now))
    let before = ContinuousClock.now
    XCTAssertFalse(turns.take("a", until: before + .milliseconds(50)))
    XCTAssertGreaterThanOrEqual(ContinuousClock.now - before, .milliseconds(50))
    XCTAssertFalse(turns.take("a", until: .now))
    XCTAssertFalse(turns.take("a", until: .now - .seconds(1)))
    XCTAssertEqual(turns.count(waitingFor: "a"), 0)
    turns.giveBack("a")
    XCTAssertNil(turns.count(waitingFor: "a"))
    XCTAssertTrue(turns.take("a", until: .now))
    turns.giveBack("a")
  }

  func testOtherNamesAreNotWaitedFor() {
    XCTAssertTrue(turns.take("a", until: .now))
    XCTAssertTrue(turns.take("b", until: .now))
    turns.giveBack("a")
    turns.giveBack("b")
  }

  func testOneAtATimeHasItsTurnHoweverManyTimeOutMeanwhile() {
    let inside = Atomic(0)
    let taken = Atomic(0)
    onThreads(8) { [turns] number in
      for round in 0..<300 {
        let patience = Duration.microseconds((number * 37 + round) % 200)
        guard turns.take("a", until: .now + patience) else { continue }
        XCTAssertEqual(inside.add(1, ordering: .sequentiallyConsistent).newValue, 1)
        taken.add(1, ordering: .relaxed)
        usleep(UInt32(round % 3) * 20)
        inside.subtract(1, ordering: .sequentiallyConsistent)
        turns.giveBack("a")
      }
    }
    XCTAssertGreaterThan(taken.load(ordering: .relaxed), 100)
    XCTAssertNil(turns.count(waitingFor: "a"))
  }
}
