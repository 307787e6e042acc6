import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

final class ThrottledSignInTests: LoginTestCase {
  private func attempt(
    _ name: String, _ password: String, from address: String = "192.0.2.1",
    accept: String? = nil, after seconds: TimeInterval = 0, _ house: TestHouse
  ) async -> Response {
    var request = Request.make(
      .post, "/login", json: ["username": name, "password": password], from: address,
      at: TestHouse.now.addingTimeInterval(seconds))
    request.headers[.accept] = accept
    return await house.router.respond(to: request)
  }

  func testJ3_J4_afterTwentyFailuresKnownAndUnknownNamesHaveToWaitAlike() async throws {
    let house = try await house(isThrottled: true)
    var answers: [Response] = []
    for name in ["alice", "nobody"] {
      for _ in 0..<20 { assert(await attempt(name, "x", house), is: 400, Self.wrong) }
      answers.append(await attempt(name, TestHouse.password, house))
    }
    assert(answers[0], is: 429, "Too many attempts, please try again later")
    XCTAssertEqual(answers[0].headers[.retryAfter], "3600")
    XCTAssertEqual(answers[0].headers, answers[1].headers)
    XCTAssertEqual(answers[0].body, answers[1].body)

    let problem = await attempt(
      "Alice", TestHouse.password, accept: "application/problem+json", house)
    XCTAssertEqual(problem.status.code, 429)
    XCTAssertEqual(problem.json["code"] as? String, "too_many_requests")
    XCTAssertEqual(problem.headers[.retryAfter], "3600")

    let later = await attempt("alice", TestHouse.password, after: 3600, house)
    XCTAssertEqual(later.status, .ok)
    let again = await attempt("alice", TestHouse.password, after: 3600, house)
    XCTAssertEqual(again.status, .ok)
  }

  /// Or who may not sign in would learn from it that the password is right.
  func testJ2_rightPasswordsOfTheDisabledAreCountedLikeWrongOnes() async throws {
    let house = try await house(isThrottled: true)
    try house.documents.update(User.self, "alice") { $0?.isDisabled = true }
    for _ in 0..<20 {
      assert(await attempt("alice", TestHouse.password, house), is: 400, Self.wrong)
    }
    let next = await attempt("alice", TestHouse.password, house)
    XCTAssertEqual(next.status.code, 429)
  }

  func testRightPasswordsAreNeverCounted() async throws {
    let house = try await house(isThrottled: true)
    for _ in 0..<25 {
      let response = await attempt("alice", TestHouse.password, house)
      XCTAssertEqual(response.status, .ok)
    }
  }

  func testJ10_signInsThatAreTurnedAwayForTooManyAtOnceAreNotCounted() async throws {
    let house = try await house(isThrottled: true)
    // Not even one has room in it.
    let full = try PasswordHasher(cost: .least, concurrency: 1, waitingLimit: -1)
    let busy = try await TestHouse(folder: folder, isThrottled: true, passwords: full)
    for name in ["alice", "nobody"] {
      for _ in 0..<60 {
        let turnedAway = await attempt(name, "x", busy)
        XCTAssertEqual(turnedAway.status.kind, .serverError)
      }
    }
    XCTAssertEqual(try files().filter { $0.hasPrefix("throttle/") && $0.hasSuffix(".json") }, [])
    let response = await attempt("alice", TestHouse.password, house)
    XCTAssertEqual(response.status, .ok)
  }

  func testInvalidDataIsNoAttempt() async throws {
    let house = try await house(isThrottled: true)
    for _ in 0..<25 { assert(await attempt("alice", "", house), is: 400, Self.invalid) }
    let response = await attempt("alice", TestHouse.password, house)
    XCTAssertEqual(response.status, .ok)
  }

  func testWithoutAThrottleEverybodyMayTryAsOftenAsTheyLike() async throws {
    let house = try await house()
    for _ in 0..<40 { assert(await attempt("alice", "x", house), is: 400, Self.wrong) }
    let response = await attempt("alice", TestHouse.password, house)
    XCTAssertEqual(response.status, .ok)
  }
}
