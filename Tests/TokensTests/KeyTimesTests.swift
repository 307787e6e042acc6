import ForeignInput
import Foundation
import TestSupport
import XCTest

@testable import Tokens

/// What the times of keys mean for tokens.
final class KeyTimesTests: XCTestCase {
  private let now = 1_800_000_000
  private let user = AccessClaims.User(id: "u1", email: "a@example.com", username: "alice")

  private func date(_ seconds: Int) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }

  private func issuer(_ access: KeySet, _ refresh: KeySet) throws -> TokenIssuer {
    TokenIssuer(access: try KeyRing(access), refresh: try KeyRing(refresh))
  }

  private func tokens(
    _ issuer: TokenIssuer, refreshIssuedAt: Int, at time: Int
  ) throws -> (access: ForeignText, refresh: ForeignText) {
    let issued = try issuer.tokens(
      for: user, session: "s1",
      refresh: ("j1", refreshIssuedAt, refreshIssuedAt + 2_592_000), at: date(time))
    return (ForeignText(issued.accessToken), ForeignText(issued.refreshToken ?? ""))
  }

  func testT20_tokensOfARotatedKeyAreGoodUntilItEndsAndThenBadAlsoWhereTheyWereFoundGood() throws {
    for algorithm in KeyAlgorithm.allCases {
      let old = try KeySet.random(algorithm), refresh = try KeySet.random()
      let before = try issuer(old, refresh)
      let (token, refreshToken) = try tokens(before, refreshIssuedAt: now, at: now)
      let new = try TokenKey(.random(), signsFrom: now + 1)
      // A lifetime that is too short, so that the key ends before the token.
      let after = try issuer(
        old.rotating(to: new, lifetime: 100), refresh.rotating(to: new, lifetime: 100))
      let end = now + 1 + 100 + KeySet.reloadTime
      for _ in 0..<2 {
        XCTAssertNoThrow(try after.verifyAccessToken(token, at: date(end - 1)))
        XCTAssertNoThrow(try after.verifyRefreshToken(refreshToken, at: date(end - 1)))
        XCTAssertNoThrow(try after.verifyRepeatedRefreshToken(refreshToken, at: date(end - 1)))
      }
      for _ in 0..<2 {
        for verify in [
          { _ = try after.verifyAccessToken(token, at: $0) },
          { _ = try after.verifyRefreshToken(refreshToken, at: $0) },
          { _ = try after.verifyRepeatedRefreshToken(refreshToken, at: $0) },
        ] as [(Date) throws -> Void] {
          XCTAssertThrowsError(try verify(date(end)), "\(algorithm)") {
            XCTAssertEqual($0 as? TokenError, .invalidSignature)
          }
        }
      }
    }
  }

  func testM4_workersWithTheKeysBeforeAndAfterARotationAdmitEachOthersTokens() throws {
    let old = try KeySet.random(), refresh = try KeySet.random()
    let begin = now + KeySet.activationDelay
    let keys = try old.rotating(to: TokenKey(.random(.es256), signsFrom: begin), lifetime: 900)
    let before = try issuer(old, refresh), after = try issuer(keys, refresh)
    for time in [now, begin - 1] {
      let new = try tokens(after, refreshIssuedAt: now, at: time)
      XCTAssertNoThrow(try before.verifyAccessToken(new.access, at: date(time)))
    }
    let late = try tokens(before, refreshIssuedAt: now, at: begin + KeySet.reloadTime)
    XCTAssertNoThrow(
      try after.verifyAccessToken(late.access, at: date(begin + KeySet.reloadTime + 899)))
    let new = try tokens(after, refreshIssuedAt: now, at: begin)
    XCTAssertThrowsError(try before.verifyAccessToken(new.access, at: date(begin)))
  }

  func testD1_theSameRefreshTokenIsTheSameToTheByteAfterARotation() throws {
    let access = try KeySet.random(), refresh = try KeySet.random()
    let first = try tokens(issuer(access, refresh), refreshIssuedAt: now, at: now).refresh
    let rotated = try refresh.rotating(
      to: TokenKey(.random(), signsFrom: now + 120), lifetime: 2_592_000)
    let after = try issuer(access, rotated)
    let replayed = try tokens(after, refreshIssuedAt: now, at: now + 125)
    XCTAssertEqual(replayed.refresh, first)
    let next = try tokens(after, refreshIssuedAt: now + 125, at: now + 125).refresh
    XCTAssertNotEqual(next, first)
    XCTAssertNoThrow(try after.verifyRefreshToken(next, at: date(now + 125)))
  }

  func testM5_tokensOfARemovedKeyAreBadAtOnceAndOthersAreNot() throws {
    let access = try KeySet.random(), refresh = try KeySet.random()
    let before = try tokens(issuer(access, refresh), refreshIssuedAt: now, at: now)
    let left = try issuer(
      access.removing(access.signing.id, at: now) { try .random($0) }, refresh)
    XCTAssertThrowsError(try left.verifyAccessToken(before.access, at: date(now))) {
      XCTAssertEqual($0 as? TokenError, .invalidSignature)
    }
    XCTAssertNoThrow(try left.verifyRefreshToken(before.refresh, at: date(now)))
    let fresh = try tokens(left, refreshIssuedAt: now, at: now)
    XCTAssertNoThrow(try left.verifyAccessToken(fresh.access, at: date(now)))
  }

  func testPublicKeysAreShownFromTheirAddingUntilTheirEnd() throws {
    let old = try KeySet.random(.es256)
    let new = try TokenKey(.random(.ed25519), signsFrom: now + 120)
    let issuer = try issuer(old.rotating(to: new, lifetime: 900), .random())
    func ids(_ time: Int) -> [String] { issuer.publicKeys(at: date(time)).keys.map(\.kid) }
    XCTAssertEqual(ids(now), [new.id, old.signing.id])
    let end = now + 120 + 900 + KeySet.reloadTime
    XCTAssertEqual(ids(end - 1), [new.id, old.signing.id])
    XCTAssertEqual(ids(end), [new.id])
  }
}
