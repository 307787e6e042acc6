import Logging
import XCTest

@testable import Postern

final class LineBudgetTests: XCTestCase {
  private let start = ContinuousClock.now

  /// What becomes of so many lines at once.
  private func admit(
    _ count: Int, _ budget: LineBudget, _ message: String = "sign-in refused",
    _ level: Logger.Level = .notice, after seconds: Double = 0
  ) -> [Int?] {
    (0..<count).map { _ in budget.admit(message, level, at: start + .seconds(seconds)) }
  }

  func testQ5_linesOfOneMessageAreFiftyASecondAndTheNextSaysHowManyWereNot() {
    let budget = LineBudget()
    XCTAssertEqual(admit(50, budget), Array(repeating: 0, count: 50))
    XCTAssertEqual(admit(1_000, budget, after: 0.9), Array(repeating: nil, count: 1_000))
    XCTAssertEqual(admit(2, budget, after: 1), [1_000, 0])
    XCTAssertEqual(admit(49, budget, after: 1.5).compactMap(\.self).count, 48)
    XCTAssertEqual(admit(1, budget, after: 3600), [1])
  }

  func testQ5_aFloodOfOneMessageLeavesAllOthers() {
    let budget = LineBudget()
    _ = admit(1_000, budget)
    XCTAssertEqual(admit(1, budget, "refresh token reused, session revoked", .warning), [0])
  }

  func testLinesBelowNoticeAreAllWritten() {
    let budget = LineBudget()
    for level in [Logger.Level.trace, .debug, .info] {
      XCTAssertEqual(admit(100, budget, "request", level), Array(repeating: 0, count: 100))
    }
    XCTAssertEqual(admit(51, budget, "refused", .warning).last, .some(nil))
  }

  func testErrorsAreAThousandASecond() {
    let budget = LineBudget()
    let written = admit(1_001, budget, "request failed", .error)
    XCTAssertEqual(written, Array(repeating: 0, count: 1_000) + [nil])
  }

  func testMessagesWithoutEndShareOneBudget() {
    let budget = LineBudget()
    let written = (0..<10_000).count { number in
      budget.admit("message \(number)", .notice, at: start) != nil
    }
    XCTAssertEqual(written, 256 + 50)
  }
}
