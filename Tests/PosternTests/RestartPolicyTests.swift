import Glibc
import SystemCalls
import XCTest

@testable import Postern

final class RestartPolicyTests: XCTestCase {
  private let kill = ProcessEnd.killed(signal: SIGKILL)
  private let crash = ProcessEnd.killed(signal: SIGSEGV)

  func testH2_workerThatFallsOverTimeAndAgainIsRetriedWithGrowingPauses() {
    for end in [crash, .exited(status: 1)] {
      var policy = RestartPolicy()
      let pauses = (0..<9).map { _ in policy.pause(after: end, life: .seconds(1)) }
      XCTAssertEqual(pauses, [0, 1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
    }
  }

  func testH2_workerThatIsKilledAsItStartsTimeAndAgainIsRetriedWithGrowingPauses() {
    var policy = RestartPolicy()
    let pauses = (0..<13).map { _ in policy.pause(after: kill, life: .milliseconds(30)) }
    XCTAssertEqual(pauses, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
  }

  func testH1_workerThatServedAndWasKilledIsReplacedAtOnce() {
    var policy = RestartPolicy()
    for _ in 0..<20 {
      XCTAssertEqual(policy.pause(after: kill, life: .milliseconds(250)), .zero)
    }
  }

  func testWorkerThatWasAskedToEndIsReplacedAtOnce() {
    for end in [ProcessEnd.exited(status: 0), .killed(signal: SIGTERM)] {
      var policy = RestartPolicy()
      for _ in 0..<20 { XCTAssertEqual(policy.pause(after: end, life: .milliseconds(1)), .zero) }
    }
  }

  func testGoodLifeForgetsTheFailuresBefore() {
    var policy = RestartPolicy()
    for _ in 0..<5 { _ = policy.pause(after: crash, life: .zero) }
    XCTAssertEqual(policy.pause(after: crash, life: .seconds(10)), .zero)
    XCTAssertEqual(policy.pause(after: crash, life: .milliseconds(9_999)), .zero)
    XCTAssertEqual(policy.pause(after: crash, life: .zero), .seconds(1))
    _ = policy.pause(after: .exited(status: 0), life: .zero)
    XCTAssertEqual(policy.pause(after: crash, life: .zero), .zero)
  }
}
