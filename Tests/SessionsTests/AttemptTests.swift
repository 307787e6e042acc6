import Foundation
import XCTest

@testable import Sessions

/// A refresh that is repeated by whoever asked first.
final class AttemptTests: XCTestCase {
  private static let day: TimeInterval = 86_400

  private var chain = Chain()

  private func decision(
    _ session: Session, _ token: String, _ attempt: String?, at seconds: TimeInterval
  ) -> RefreshDecision {
    chain.refresh(session, with: token, attempt: attempt, at: seconds).decision
  }

  func testP3_theSameAttemptIsAnsweredWithTheCurrentTokenHoweverLateAndChangesNothing() throws {
    for grace in [0, 30] as [TimeInterval] {
      chain.policy.grace = grace
      let session = chain.begin(at: 0)
      let first = session.current.id
      let current = try XCTUnwrap(
        chain.refresh(session, with: first, attempt: "mine", at: 10).session)
      let before = chain.user
      for seconds in [11, 41, 3600, Self.day, 30 * Self.day - 1, -3600] {
        let (decision, replayed) = chain.refresh(
          session, with: first, attempt: "mine", at: seconds)
        XCTAssertEqual(decision, .replay, "\(seconds)")
        XCTAssertEqual(replayed, current, "\(seconds)")
      }
      XCTAssertEqual(chain.user, before)
    }
  }

  func testP3_theClientGoesOnFromTheAnswerThatItGotInTheEnd() throws {
    let session = chain.begin(at: 0)
    var token = session.current.id
    for round in 1...20 {
      let start = TimeInterval(round) * Self.day
      let lost = chain.refresh(session, with: token, attempt: "attempt \(round)", at: start)
      XCTAssertEqual(lost.decision, .rotate)
      let got = chain.refresh(session, with: token, attempt: "attempt \(round)", at: start + 3600)
      XCTAssertEqual(got.session, lost.session)
      token = try XCTUnwrap(got.session?.current.id)
    }
  }

  func testP4_withNoAttemptOrAnotherOneTheRulesAreThoseOfTheGrace() {
    for (first, second) in [
      ("mine", nil), ("mine", "other"), ("mine", "min"), ("mine", "mine2"), ("mine", ""),
      (nil, "mine"), (nil, ""), (nil, nil), ("", nil),
    ] as [(String?, String?)] {
      for (seconds, expected) in [(39, .replay), (40, .reuse)] as [(Double, RefreshDecision)] {
        let session = chain.begin(at: 0)
        let token = session.current.id
        XCTAssertEqual(decision(session, token, first, at: 10), .rotate)
        XCTAssertEqual(
          decision(session, token, second, at: seconds), expected,
          "\(first ?? "-") \(second ?? "-")")
        XCTAssertEqual(chain.user.sessions.contains { $0.id == session.id }, expected == .replay)
      }
    }
  }

  func testP4_anAttemptThatComesLaterBelongsToNobody() {
    let session = chain.begin(at: 0)
    XCTAssertEqual(decision(session, session.current.id, "first", at: 10), .rotate)
    XCTAssertEqual(decision(session, session.current.id, "second", at: 20), .replay)
    XCTAssertEqual(decision(session, session.current.id, "first", at: 100), .replay)
    XCTAssertEqual(decision(session, session.current.id, "second", at: 100), .reuse)
  }

  func testP5_onceTheCurrentTokenWasPresentedTheAttemptBeforeItIsWorthNothing() throws {
    for attempt in ["mine", "another", nil] as [String?] {
      let session = chain.begin(at: 0)
      let first = session.current.id
      let second = try XCTUnwrap(
        chain.refresh(session, with: first, attempt: "mine", at: 10).session?.current.id)
      XCTAssertEqual(decision(session, second, attempt, at: 20), .rotate)
      XCTAssertEqual(decision(session, first, "mine", at: 39), .replay)
      XCTAssertEqual(decision(session, first, "mine", at: 40), .reuse)
    }
  }

  func testP6_anAttemptCountsOnlyForTheTokenThatItCameWith() throws {
    let session = chain.begin(at: 0)
    let first = session.current.id
    let second = try XCTUnwrap(
      chain.refresh(session, with: first, attempt: "mine", at: 10).session?.current.id)
    let third = try XCTUnwrap(
      chain.refresh(session, with: second, attempt: "mine", at: 20).session?.current.id)
    XCTAssertEqual(Set([first, second, third]).count, 3)
    let late = chain.refresh(session, with: second, attempt: "mine", at: 100)
    XCTAssertEqual(late.session?.current.id, third)
    XCTAssertEqual(decision(session, first, "mine", at: 100), .reuse)
  }

  func testP3_thoughTheFingerprintDiffersNothingIsLost() throws {
    let session = chain.begin(at: 0, fingerprint: "laptop")
    let first = session.current.id
    let rotated = chain.refresh(
      session, with: first, attempt: "mine", at: 10, fingerprint: "laptop")
    XCTAssertEqual(decision(session, first, "mine", at: 100), .fingerprintDiffers)
    let again = chain.refresh(
      session, with: first, attempt: "mine", at: 101, fingerprint: "laptop")
    XCTAssertEqual(again.decision, .replay)
    XCTAssertEqual(again.session, rotated.session)
  }

  func testN7_ofAnAttemptADigestIsKeptAndOnlyWhileItCounts() throws {
    let session = chain.begin(at: 0)
    let tokens = ["secret attempt 1", "secret attempt 2", nil].reduce(
      into: [session.current.id]
    ) { tokens, attempt in
      let next = chain.refresh(session, with: tokens[tokens.count - 1], attempt: attempt, at: 1)
      tokens.append(next.session?.current.id ?? "none")
      let stored = String(
        decoding: (try? JSONEncoder().encode(chain.user)) ?? Data(), as: UTF8.self)
      XCTAssertFalse(stored.contains("secret"))
      let digests = chain.user.sessions.first?.recent.compactMap(\.attempt) ?? []
      XCTAssertEqual(digests, attempt.map { [digest($0)] } ?? [])
    }
    XCTAssertEqual(Set(tokens).count, 4)
  }
}
