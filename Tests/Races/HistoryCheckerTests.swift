import XCTest

/// The checker itself: it objects to what is wrong, and to nothing that may be right.
final class HistoryCheckerTests: XCTestCase {
  func testAcceptsAPlainLife() {
    var history = signedIn()
    history += [
      at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
      at(30, .list(caller: 1), .sessions([1])),
      at(40, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
      at(50, .refresh(session: 1, token: 12), .token(session: 1, token: 13)),
      at(2_000, .refresh(session: 1, token: 11), .tokenWrong),
      at(2_010, .refresh(session: 1, token: 13), .noSession),
    ]
    assertExplained(history)
  }

  // MARK: - Chains

  func testE1_objectsToTwoSuccessorsOfOneToken() {
    assertUnexplained(
      signedIn() + [
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 13)),
      ])
  }

  func testE1_acceptsTheSameSuccessorForAllWhoAskAtOnce() {
    assertExplained(
      signedIn()
        + (0..<16).map { _ in
          at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12))
        })
  }

  func testE1_objectsToAReplayThatGivesAnotherTokenThanTheCurrentOne() {
    assertUnexplained(
      signedIn() + [
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(40, .refresh(session: 1, token: 12), .token(session: 1, token: 13)),
        at(60, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
      ])
  }

  func testE3_objectsToAnAccidentalSignOutWithinTheGrace() {
    assertUnexplained(
      signedIn() + [
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(40, .refresh(session: 1, token: 11), .tokenWrong),
      ])
  }

  func testE3_objectsToAReplayAfterTheGrace() {
    assertUnexplained(
      signedIn() + [
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(2_000, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
      ])
  }

  func testE4_objectsToAWindowThatSlides() {
    var history = signedIn()
    history += [at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12))]
    history += stride(from: 500, to: 2_000, by: 500).map {
      at($0, .refresh(session: 1, token: 11), .token(session: 1, token: 12))
    }
    assertUnexplained(history)
  }

  func testE4_acceptsThatOnlyEightTokensAreRemembered() {
    let rotations = (0..<9).map {
      at(20 + $0 * 10, .refresh(session: 1, token: 11 + $0), .token(session: 1, token: 12 + $0))
    }
    assertExplained(
      signedIn() + rotations + [
        at(200, .refresh(session: 1, token: 12), .token(session: 1, token: 20)),
        at(210, .refresh(session: 1, token: 11), .tokenWrong),
      ])
  }

  func testAcceptsEitherVerdictAtTheEdgeOfTheGrace() {
    let rotated = at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12), for: 30)
    let replay = Call.refresh(session: 1, token: 11)
    assertExplained(signedIn() + [rotated, at(1_030, replay, .token(session: 1, token: 12))])
    assertExplained(signedIn() + [rotated, at(1_030, replay, .tokenWrong)])
  }

  // MARK: - Ended sessions

  func testE5_objectsToTheCurrentTokenAfterReuse() {
    assertUnexplained(
      signedIn() + [
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(2_000, .refresh(session: 1, token: 11), .tokenWrong),
        at(2_020, .refresh(session: 1, token: 12), .token(session: 1, token: 13)),
      ])
  }

  func testE7_objectsToATokenThatWorksAfterLogout() {
    assertUnexplained(
      signedIn() + [
        at(20, .signOut(session: 1), .done),
        at(40, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
      ])
  }

  func testE7_acceptsARefreshThatMeetsALogout() {
    let signOut = at(20, .signOut(session: 1), .done, for: 30)
    let refresh = Call.refresh(session: 1, token: 11)
    assertExplained(signedIn() + [signOut, at(30, refresh, .token(session: 1, token: 12))])
    assertExplained(signedIn() + [signOut, at(30, refresh, .noSession)])
  }

  func testE8_objectsToAnotherSessionThatSurvivesAPasswordChange() {
    assertUnexplained(
      signedIn() + [
        at(20, .signIn(password: 1_000), .token(session: 2, token: 21)),
        at(40, .changePassword(from: 1_000, to: 1_001, keeping: 1), .done),
        at(60, .refresh(session: 2, token: 21), .token(session: 2, token: 22)),
      ])
  }

  func testE8_objectsToAPasswordChangeThatEndsTheCallersOwnSession() {
    assertUnexplained(
      signedIn() + [
        at(20, .changePassword(from: 1_000, to: 1_001, keeping: 1), .done),
        at(40, .refresh(session: 1, token: 11), .noSession),
      ])
  }

  func testE8_objectsToASignInWithAnOldPassword() {
    assertUnexplained(
      signedIn() + [
        at(20, .changePassword(from: 1_000, to: 1_001, keeping: 1), .done),
        at(40, .signIn(password: 1_000), .token(session: 2, token: 21)),
      ])
  }

  // MARK: - Lost updates

  func testE9_objectsToASignInThatIsLost() {
    assertUnexplained(
      signedIn() + [
        at(20, .signIn(password: 1_000), .token(session: 2, token: 21)),
        at(20, .signIn(password: 1_000), .token(session: 3, token: 31)),
        at(40, .list(caller: 3), .sessions([1, 3])),
      ])
  }

  func testE9_objectsToARotationThatIsTakenBack() {
    assertUnexplained(
      signedIn() + [
        at(20, .refresh(session: 1, token: 11), .token(session: 1, token: 12)),
        at(40, .refresh(session: 1, token: 11), .token(session: 1, token: 13)),
        at(60, .refresh(session: 1, token: 13), .token(session: 1, token: 14)),
      ])
  }

  func testE10_objectsToAListThatShowsNoStateThatEverWas() {
    assertUnexplained(
      signedIn() + [
        at(20, .signIn(password: 1_000), .token(session: 2, token: 21)),
        at(40, .endOne(session: 1, caller: 1), .done, for: 30),
        at(40, .list(caller: 1), .sessions([]), for: 30),
      ])
  }

  func testObjectsToACallerWhoIsAdmittedAfterTheEndOfTheSession() {
    let ended =
      signedIn() + [
        at(20, .signIn(password: 1_000), .token(session: 2, token: 21)),
        at(40, .endOne(session: 1, caller: 2), .done),
      ]
    assertExplained(ended + [at(60, .list(caller: 2), .sessions([2]))])
    assertExplained(ended + [at(60, .list(caller: 1), .callerEnded)])
    assertUnexplained(ended + [at(60, .list(caller: 1), .sessions([2]))])
    assertUnexplained(ended + [at(60, .list(caller: 2), .callerEnded)])
  }

  func testAcceptsACallerWhoseSessionEndsWhileTheListIsRead() {
    assertExplained(
      signedIn() + [
        at(20, .signIn(password: 1_000), .token(session: 2, token: 21)),
        at(40, .endOne(session: 1, caller: 2), .done, for: 30),
        at(40, .list(caller: 1), .sessions([2]), for: 30),
      ])
  }

  func testE11_objectsToMoreSessionsThanTheLimit() {
    let signIns = (1...6).map {
      at($0 * 10, .signIn(password: 1_000), .token(session: $0, token: 10 * $0 + 1))
    }
    assertExplained(signIns + [at(100, .list(caller: 6), .sessions([6]))])
    assertUnexplained(signIns + [at(100, .list(caller: 6), .sessions([1, 2, 3, 4, 5, 6]))])
    assertUnexplained(signIns + [at(100, .list(caller: 6), .sessions([2, 3, 4, 5, 6]))])
  }

  func testE11_objectsToAnotherThanTheOldestEvicted() {
    let model = SessionModel(limit: 2, whenFull: .evictOldest)
    let signIns = (1...3).map {
      at($0 * 10, .signIn(password: 1_000), .token(session: $0, token: 10 * $0 + 1))
    }
    assertExplained(signIns + [at(100, .list(caller: 3), .sessions([2, 3]))], model)
    assertUnexplained(signIns + [at(100, .list(caller: 3), .sessions([1, 3]))], model)
  }

  func testObjectsToAnAnswerThatIsNone() {
    assertUnexplained(
      signedIn() + [at(20, .list(caller: 1), .unexpected("500 Internal Server Error"))])
  }
}
