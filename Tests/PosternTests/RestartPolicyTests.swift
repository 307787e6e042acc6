import XCTest

@testable import Postern

final class RestartPolicyTests: XCTestCase {
  func testH2_workerThatFallsOverTimeAndAgainIsRetriedWithGrowingPauses() {
    var policy = RestartPolicy()
    let pauses = (0..<9).map { _ in policy.pause(afterLife: .seconds(1), wasAsked: false) }
    XCTAssertEqual(pauses, [0, 1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
  }

  func testH1_workerThatWasKilledIsReplacedAtOnce() {
    var policy = RestartPolicy()
    for _ in 0..<20 {
      XCTAssertEqual(policy.pause(afterLife: .milliseconds(1), wasAsked: true), .zero)
    }
  }

  func testGoodLifeForgetsTheFailuresBefore() {
    var policy = RestartPolicy()
    for _ in 0..<5 { _ = policy.pause(afterLife: .zero, wasAsked: false) }
    XCTAssertEqual(policy.pause(afterLife: .seconds(10), wasAsked: false), .zero)
    XCTAssertEqual(policy.pause(afterLife: .milliseconds(9_999), wasAsked: false), .zero)
    XCTAssertEqual(policy.pause(afterLife: .zero, wasAsked: false), .seconds(1))
    _ = policy.pause(afterLife: .zero, wasAsked: true)
    XCTAssertEqual(policy.pause(afterLife: .zero, wasAsked: false), .zero)
  }
}
