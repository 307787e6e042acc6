import Foundation
import XCTest

/// Refreshes that are repeated by their attempt, over several workers, without any grace.
final class AttemptTests: EndToEndTestCase {
  override class var setup: Installation.Setup? {
    Installation.Setup(settings: ["POSTERN_TOKENS_GRACE": "0"])
  }

  private func refresh(_ token: String, _ attempt: String) -> HTTPCall {
    .post("/refresh-token", json: ["refreshToken": token, "attempt": attempt])
  }

  func testP6_theSameAttemptAtOnceOnAllWorkersHasOneSuccessor() throws {
    var token = try site.login("alice").refreshToken
    for round in 1...4 {
      let calls = Array(repeating: refresh(token, "attempt-of-round-\(round)"), count: 100)
      var successors: Set<String> = []
      for _ in 0..<2 {
        let answers = try site.askAtOnce(calls)
        let refused = answers.filter { $0.status != 200 }
        XCTAssertTrue(refused.isEmpty, "round \(round): \(Set(refused.map(\.said)))")
        successors.formUnion(answers.map(\.refreshToken))
      }
      XCTAssertEqual(successors.count, 1, "round \(round)")
      XCTAssertFalse(successors.contains(token), "round \(round)")
      token = try XCTUnwrap(successors.first)
    }
  }

  func testP4_P5_withoutTheAttemptAllWorkersSeeReuse() throws {
    let token = try site.login("bob").refreshToken
    let next = try site.ask(refresh(token, "attempt-of-the-owner"))
    XCTAssertEqual(next.status, 200)
    let answers = try site.askAtOnce(Array(repeating: .refresh(token), count: 20))
    XCTAssertEqual(Set(answers.map(\.status)), [403])
    XCTAssertEqual(try site.ask(refresh(token, "attempt-of-the-owner")).status, 403)
    XCTAssertEqual(try site.ask(.refresh(next.refreshToken)).status, 403)
  }

  func testP3_anAttemptIsAnsweredAfterItsWorkersDeath() throws {
    let token = try site.login("carol").refreshToken
    let lost = try site.ask(refresh(token, "attempt-of-the-owner"))
    for worker in try site.workers { kill(worker, SIGKILL) }
    var answer: HTTPAnswer?
    XCTAssertTrue(
      eventually(within: 20) {
        answer = try? site.ask(refresh(token, "attempt-of-the-owner"))
        return answer?.status == 200
      })
    XCTAssertEqual(answer?.refreshToken, lost.refreshToken)
  }
}
