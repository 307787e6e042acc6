import Foundation
import XCTest

@testable import Sessions

final class SessionEndTests: XCTestCase {
  private var chain = Chain()

  override func setUp() {
    chain.policy.refreshLifetime = 100
    chain.policy.sessionLifetime = 250
  }

  func testRefreshTokenLivesItsLifetimeFromEachRotation() throws {
    let session = chain.begin(at: 0)
    XCTAssertEqual(chain.refresh(session, with: session.current.id, at: 99.9).decision, .rotate)
    let current = try XCTUnwrap(chain.user.sessions.first).current
    XCTAssertEqual(current.expiresAt, Int(Chain.start) + 199)
    XCTAssertEqual(chain.refresh(session, with: current.id, at: 199).decision, .noSession)
  }

  func testRefreshTokenExpiresInTheSecondThatItsExpSays() {
    let session = chain.begin(at: 0)
    var late = chain
    XCTAssertEqual(chain.refresh(session, with: session.current.id, at: 99.999).decision, .rotate)
    XCTAssertEqual(late.refresh(session, with: session.current.id, at: 100).decision, .noSession)
  }

  func testE14_slidingNeverPassesTheAbsoluteEnd() {
    let session = chain.begin(at: 0)
    _ = chain.rotate(session, at: [90, 180])
    XCTAssertEqual(chain.user.sessions.first?.current.expiresAt, Int(Chain.start) + 250)
    let tokens = chain.rotate(session, with: chain.user.sessions.first?.current.id, at: [249])
    XCTAssertEqual(chain.user.sessions.first?.current.expiresAt, Int(Chain.start) + 250)
    XCTAssertEqual(chain.refresh(session, with: tokens[1], at: 250).decision, .noSession)
    XCTAssertEqual(chain.refresh(session, with: tokens[0], at: 250).decision, .noSession)
  }

  func testE14_endIsThatOfTheSignInAndStaysWithARefresh() {
    let session = chain.begin(at: 0.5)
    XCTAssertEqual(session.endsAt, Chain.time(250.5))
    _ = chain.rotate(session, at: [50, 100, 150, 200, 245])
    XCTAssertEqual(chain.user.sessions.first?.endsAt, session.endsAt)
    XCTAssertEqual(chain.user.sessions.first?.current.expiresAt, Int(Chain.start) + 250)
  }

  func testSessionShorterThanARefreshTokenCapsTheFirstTokenToo() {
    chain.policy.sessionLifetime = 60
    let session = chain.begin(at: 0)
    XCTAssertEqual(session.current.expiresAt, Int(Chain.start) + 60)
    XCTAssertEqual(chain.refresh(session, with: session.current.id, at: 60).decision, .noSession)
  }

  func testDefaultsAreThoseOfTheContract() {
    XCTAssertEqual(
      SessionPolicy(),
      SessionPolicy(
        limit: 5, whenFull: .reset, grace: 30, refreshLifetime: 2_592_000,
        sessionLifetime: 7_776_000))
  }
}
