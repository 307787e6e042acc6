import XCTest

/// An operation without an answer may have happened, or not; the checker takes both, and no more.
final class UnknownOutcomeTests: XCTestCase {
  private let lost = at(20, .refresh(session: 1, token: 11), .unknown)

  func testAcceptsALostRotationThatHappened() {
    assertExplained(
      signedIn() + [
        lost,
        at(40, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        // Its grace counts from the lost one: by now it is over.
        at(1_030, .refresh(session: 1, token: 11), .tokenWrong),
      ])
  }

  func testAcceptsALostRotationThatDidNotHappen() {
    assertExplained(
      signedIn() + [
        lost,
        at(900, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(1_800, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
      ])
  }

  func testObjectsToALostRotationThatCostsTheSession() {
    assertUnexplained(
      signedIn() + [lost, at(40, .refresh(session: 1, token: 11), .noSession)])
  }

  func testObjectsToALostRotationThatHappensAfterItsConnectionEnded() {
    assertUnexplained(
      signedIn() + [
        lost,
        at(40, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(60, .refresh(session: 1, token: 12), .token(session: 1, token: 13)),
        at(80, .refresh(session: 1, token: 12), .token(session: 1, token: 14)),
      ])
  }

  func testAcceptsALostReuseEitherWay() {
    let before =
      signedIn() + [
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(2_000, .refresh(session: 1, token: 11), .unknown),
      ]
    let refresh = Call.refresh(session: 1, token: 12)
    assertExplained(before + [at(2_020, refresh, .token(session: 1, token: 13))])
    assertExplained(before + [at(2_020, refresh, .noSession)])
  }

  func testAcceptsALostSignInEitherWay() {
    let before = signedIn() + [at(20, .signIn(password: 1_000), .unknown)]
    assertExplained(before + [at(40, .list(caller: 1), .sessions([1]))])
    assertExplained(
      before + [
        at(40, .list(caller: 1), .sessions([1, 2])),
        at(60, .endOne(session: 2, caller: 1), .done),
        at(80, .list(caller: 1), .sessions([1])),
      ])
    assertUnexplained(before + [at(40, .list(caller: 1), .sessions([1, 2, 3]))])
    assertUnexplained(
      before + [
        at(40, .list(caller: 1), .sessions([1, 2])), at(60, .list(caller: 1), .sessions([1])),
      ])
  }

  func testAcceptsALostPasswordChangeThatWentHalfTheWay() {
    let before =
      signedIn() + [
        at(20, .signIn(password: 1_000), .token(session: 2, token: 21)),
        at(40, .changePassword(from: 1_000, to: 1_001, keeping: 1), .unknown),
      ]
    assertExplained(
      before + [
        at(60, .list(caller: 1), .sessions([1])),
        at(80, .signIn(password: 1_000), .token(session: 3, token: 31)),
      ])
    assertUnexplained(
      before + [
        at(60, .list(caller: 1), .sessions([1, 2])),
        at(80, .signIn(password: 1_001), .token(session: 3, token: 31)),
      ])
  }

  func testAcceptsWhatIsNeverAnsweredAtAnyLaterTime() {
    let never = Operation(
      client: 0, start: 20_000, end: Operation.never, request: .signOut(session: 1),
      answer: .unknown)
    assertExplained(
      signedIn() + [
        never,
        at(40, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(60, .refresh(session: 1, token: 12), .noSession),
      ])
    assertUnexplained(
      signedIn() + [
        never,
        at(40, .refresh(session: 1, token: 11), .noSession),
        at(60, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
      ])
  }
}
