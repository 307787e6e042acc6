import XCTest

@testable import Simulation

final class TheftTests: XCTestCase {
  private let token = Token(
    session: 0, origin: 0, issued: Issued(session: "", id: "1", expiresAt: 1))

  private func tally(_ change: (inout Theft) -> Void) -> TheftTally {
    var theft = Theft(loot: .token, token: token)
    change(&theft)
    var tally = TheftTally()
    theft.count(in: &tally)
    return tally
  }

  func testCopyThatNobodyUsedIsNeitherDetectedNorMissed() {
    let tally = tally { _ in }
    XCTAssertEqual(tally.unused, 1)
    XCTAssertNil(tally.share)
  }

  func testTimeUntilDetectionIsCountedFromTheFirstSuccess() {
    let tally = tally { theft in
      theft.firstUse = 50
      theft.thiefGotIn(at: 100)
      theft.detectedAt = 400
    }
    XCTAssertEqual(tally.detected, 1)
    XCTAssertEqual(tally.times, [300])
    XCTAssertEqual(tally.share, 1)
  }

  func testTheftIsMissedWhereOwnerAndThiefComeInTurn() {
    let tally = tally { theft in
      theft.firstUse = 0
      theft.thiefGotIn(at: 0)
      theft.ownerGotIn(at: 4000)
      theft.thiefGotIn(at: 8000)
    }
    XCTAssertEqual(tally.missed, 1)
    XCTAssertEqual(tally.share, 0)
  }

  func testTheftIsMissedWhereTheOwnerIsSignedOutAndTheThiefIsNot() {
    let tally = tally { theft in
      theft.firstUse = 0
      theft.thiefGotIn(at: 0)
      theft.ownerIsOut = 10
      theft.thiefGotIn(at: 4000)
    }
    XCTAssertEqual(tally.missed, 1)
  }

  func testOneWhoDidNotComeAgainCannotBeToldApart() {
    let tally = tally { theft in
      theft.firstUse = 0
      theft.thiefGotIn(at: 0)
      theft.ownerGotIn(at: 4000)
    }
    XCTAssertEqual(tally.untold, 1)
    XCTAssertNil(tally.share)
  }

  /// The owner has rotated twice when the thief comes: the session ends, by whoever of them asks.
  func testLateThiefIsDetectedByPosternAndNotByDoorkeeper() throws {
    for (rule, detects) in [
      (RuleName.postern, true), (.rotation, true), (.superTokens, true), (.doorkeeper, false),
    ] {
      let world = World(rule: rule, hazards: [.sleep], days: 1, devices: 1, seed: 1)
      _ = try world.run()
      let stolen = Token(
        session: 0, origin: 0, issued: try XCTUnwrap(world.rule.begin(session: 0, at: World.start)))
      world.sessions = [World.Known(endsAt: .infinity, begun: 0)]
      world.thefts = [Theft(loot: .token, token: stolen)]
      world.sessions[0].thefts = [0]
      var current = stolen
      for time in [1000.0, 2000] {
        let verdict = try world.rule.refresh(
          current, attempt: nil, at: World.start + time, death: nil)
        guard case .tokens(let issued) = verdict else { return XCTFail("\(rule)") }
        current = Token(session: 0, origin: 0, issued: issued)
        world.rule.use(current)
      }
      world.now = 9000
      try world.useLoot(0)
      XCTAssertEqual(world.thefts[0].detectedAt, detects ? 9000 : nil, rule.rawValue)
      XCTAssertNil(world.thefts[0].firstSuccess, rule.rawValue)
    }
  }
}
