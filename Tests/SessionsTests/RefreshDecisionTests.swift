import Foundation
import XCTest

@testable import Sessions

final class RefreshDecisionTests: XCTestCase {
  private var chain = Chain()

  func testCurrentTokenRotates() throws {
    let session = chain.begin(at: 0)
    let (decision, rotated) = chain.refresh(session, with: session.current.id, at: 10)
    XCTAssertEqual(decision, .rotate)
    let next = try XCTUnwrap(rotated)
    XCTAssertNotEqual(next.current.id, session.current.id)
    XCTAssertEqual(next.id, session.id)
    XCTAssertEqual(next.endsAt, session.endsAt)
    XCTAssertEqual(next.lastUsedAt, Chain.time(10))
    XCTAssertEqual(next.current.issuedAt, Int(Chain.start) + 10)
    XCTAssertEqual(next.current.expiresAt, Int(Chain.start) + 10 + 30 * 86_400)
    XCTAssertEqual(chain.user.sessions, [next])
  }

  func testReplacedTokenWithinTheGraceIsAnsweredWithTheCurrentOneAndChangesNothing() throws {
    let session = chain.begin(at: 0)
    let current = try XCTUnwrap(chain.refresh(session, with: session.current.id, at: 10).session)
    let before = chain.user
    for seconds in [10, 20, 39.9] {
      let (decision, replayed) = chain.refresh(session, with: session.current.id, at: seconds)
      XCTAssertEqual(decision, .replay)
      XCTAssertEqual(replayed, current)
    }
    XCTAssertEqual(chain.user, before)
  }

  func testD1_graceEndsExactlyAtItsLength() {
    for (seconds, expected) in [(39.999, .replay), (40, .reuse)] as [(Double, RefreshDecision)] {
      var chain = Chain()
      let session = chain.begin(at: 0)
      _ = chain.rotate(session, at: [10])
      XCTAssertEqual(
        chain.refresh(session, with: session.current.id, at: seconds).decision, expected)
    }
  }

  func testGraceOfZeroTurnsReplayOff() {
    chain.policy.grace = 0
    let session = chain.begin(at: 0)
    _ = chain.rotate(session, at: [10])
    XCTAssertEqual(chain.refresh(session, with: session.current.id, at: 10).decision, .reuse)
  }

  func testE3_parentAfterChildWasUsedIsReplayWithinTheGraceOfItsOwnReplacement() {
    let session = chain.begin(at: 0)
    let tokens = chain.rotate(session, at: [10, 20])
    let (decision, replayed) = chain.refresh(session, with: tokens[0], at: 39)
    XCTAssertEqual(decision, .replay)
    XCTAssertEqual(replayed?.current.id, tokens[2])
  }

  func testE3_parentAfterChildWasUsedAndItsGraceIsOverIsReuse() {
    let session = chain.begin(at: 0)
    let tokens = chain.rotate(session, at: [10, 35])
    XCTAssertEqual(chain.refresh(session, with: tokens[0], at: 41).decision, .reuse)
    XCTAssertEqual(chain.user.sessions, [])
  }

  func testE4_windowOfAReplacedTokenNeverSlides() {
    let session = chain.begin(at: 0)
    let tokens = chain.rotate(session, at: [10, 20, 30])
    for (index, end) in [(0, 40), (1, 50), (2, 60)] as [(Int, TimeInterval)] {
      var late = chain
      for seconds in stride(from: end - 5, to: end, by: 1) {
        XCTAssertEqual(chain.refresh(session, with: tokens[index], at: seconds).decision, .replay)
      }
      XCTAssertEqual(late.refresh(session, with: tokens[index], at: end).decision, .reuse)
    }
  }

  func testE4_onlyTheLatestEightReplacedTokensAreRemembered() {
    let session = chain.begin(at: 0)
    let tokens = chain.rotate(session, at: (1...9).map(TimeInterval.init))
    XCTAssertEqual(chain.user.sessions.first?.recent.count, 8)
    for index in 1...8 {
      let (decision, replayed) = chain.refresh(session, with: tokens[index], at: 9)
      XCTAssertEqual(decision, .replay)
      XCTAssertEqual(replayed?.current.id, tokens[9])
    }
    XCTAssertEqual(chain.refresh(session, with: tokens[0], at: 9).decision, .reuse)
  }

  func testE5_afterReuseTheCurrentTokenIsDeadToo() {
    let other = chain.begin(at: 0)
    let session = chain.begin(at: 0)
    let tokens = chain.rotate(session, at: [10])
    XCTAssertEqual(chain.refresh(session, with: tokens[0], at: 100).decision, .reuse)
    for token in tokens {
      XCTAssertEqual(chain.refresh(session, with: token, at: 100).decision, .unknownSession)
      // A clock that goes back revives nothing.
      XCTAssertEqual(chain.refresh(session, with: token, at: 15).decision, .unknownSession)
    }
    XCTAssertEqual(chain.user.sessions, [other])
  }

  func testTokenThatTheSessionNeverHadIsReuse() {
    let other = chain.begin(at: 0)
    let session = chain.begin(at: 0)
    XCTAssertEqual(chain.refresh(session, with: other.current.id, at: 1).decision, .reuse)
    XCTAssertEqual(chain.user.sessions, [other])
  }

  func testUnknownSessionIsToldFromNoSession() {
    let gone = chain.begin(at: 0)
    chain.user = UserSessions(username: "alice")
    XCTAssertEqual(chain.refresh(gone, with: gone.current.id, at: 1).decision, .noSession)
    let other = chain.begin(at: 0)
    XCTAssertEqual(chain.refresh(gone, with: gone.current.id, at: 1).decision, .unknownSession)
    XCTAssertEqual(chain.user.sessions, [other])
  }

  func testF27_clockSetBackALittleIsReplayAndALotIsReuse() {
    for (seconds, expected) in [
      (-19.9, .replay), (9, .replay), (-20, .reuse), (-3600, .reuse),
    ] as [(Double, RefreshDecision)] {
      var chain = Chain()
      let session = chain.begin(at: 0)
      _ = chain.rotate(session, at: [10])
      XCTAssertEqual(
        chain.refresh(session, with: session.current.id, at: seconds).decision, expected)
    }
  }

  func testF27_currentTokenRotatesWhereverTheClockWasSetBackTo() {
    let session = chain.begin(at: 0)
    let tokens = chain.rotate(session, at: [10, -3600, -86_400])
    XCTAssertEqual(Set(tokens).count, 4)
    XCTAssertEqual(chain.user.sessions.first?.endsAt, session.endsAt)
  }

  func testF27_refreshUnderAClockAYearAheadRemovesNothing() {
    let session = chain.begin(at: 0)
    let year = TimeInterval(365 * 86_400)
    XCTAssertEqual(
      chain.refresh(session, with: session.current.id, at: year).decision, .noSession)
    XCTAssertEqual(chain.refresh(session, with: session.current.id, at: 10).decision, .rotate)
  }
}
