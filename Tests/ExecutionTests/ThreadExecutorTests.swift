import Foundation
import TestSupport
import XCTest

@testable import Execution

final class ThreadExecutorTests: XCTestCase {
  private struct Failure: Error {}

  private actor Elsewhere {
    func work() async -> Int {
      try? await Task.sleep(nanoseconds: 1_000_000)
      return 1
    }
  }

  func testOperationRunsOnTheCallingThread() {
    let caller = pthread_self()
    XCTAssertTrue(ThreadExecutor().run { pthread_equal(pthread_self(), caller) != 0 })
  }

  func testOperationComesBackToTheCallingThreadFromWhateverItWaitedFor() {
    let caller = pthread_self()
    let threads = ThreadExecutor().run { () async -> [pthread_t] in
      var threads: [pthread_t] = []
      try? await Task.sleep(nanoseconds: 1_000_000)
      threads.append(pthread_self())
      _ = await Elsewhere().work()
      threads.append(pthread_self())
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume() }
      }
      threads.append(pthread_self())
      async let other = Elsewhere().work()
      _ = await other
      threads.append(pthread_self())
      return threads
    }
    XCTAssertEqual(threads, [caller, caller, caller, caller])
  }

  func testOneExecutorRunsOneOperationAfterAnother() {
    let executor = ThreadExecutor()
    let results = (0..<1_000).map { number in
      executor.run { () async -> Int in
        await Task.yield()
        return number
      }
    }
    XCTAssertEqual(results, Array(0..<1_000))
  }

  func testOperationsThatBlockHoldUpNoOthers() {
    let gate = Gate()
    let ended = expectation(description: "ended")
    ended.expectedFulfillmentCount = 24
    for _ in 0..<24 {
      Thread {
        ThreadExecutor().run { gate.pass() }
        ended.fulfill()
      }.start()
    }
    XCTAssertTrue(gate.waitUntilHolding(24))
    XCTAssertEqual(ThreadExecutor().run { await Elsewhere().work() }, 1)
    gate.open()
    wait(for: [ended], timeout: 20)
  }

  func testWhatTheOperationThrowsIsThrown() {
    XCTAssertThrowsError(try ThreadExecutor.run { throw Failure() }) { XCTAssert($0 is Failure) }
    XCTAssertEqual(try ThreadExecutor.run { 1 }, 1)
  }
}
