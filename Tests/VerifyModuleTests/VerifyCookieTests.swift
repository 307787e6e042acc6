import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

/// Who is admitted by the refresh cookie, which is only looked at.
final class VerifyCookieTests: VerifyTestCase {
  private static let day: TimeInterval = 86_400

  func testP7_currentTokenAdmitsAgainAndAgainAndIsStillTheCurrentOne() async throws {
    let house = try await house()
    let session = await house.login("alice")
    for seconds in [0, 1, 3600, 10 * Self.day] {
      assertAdmitted(try await verify(house, cookie: session.refreshToken, after: seconds))
    }
    let next = await house.refresh(session.refreshToken, at: later(10 * Self.day))
    XCTAssertNotEqual(next.refreshToken, session.refreshToken)
  }

  func testP7_replacedTokenAdmitsWithinTheGraceAndNotLater() async throws {
    let house = try await house()
    let session = await house.login("alice")
    let next = await house.refresh(session.refreshToken)
    assertAdmitted(try await verify(house, cookie: session.refreshToken, after: 29))
    assertRefused(try await verify(house, cookie: session.refreshToken, after: 30))
    assertRefused(try await verify(house, cookie: session.refreshToken, after: 3600))
    // Reading it was no reuse.
    assertAdmitted(try await verify(house, cookie: next.refreshToken, after: 3600))
  }

  func testP7_withoutAGraceNoReplacedTokenAdmits() async throws {
    let house = try await house(SessionPolicy(grace: 0))
    let session = await house.login("alice")
    _ = await house.refresh(session.refreshToken)
    assertRefused(try await verify(house, cookie: session.refreshToken))
  }

  func testP7_tokenAdmitsUntilItsEnd() async throws {
    let house = try await house()
    let session = await house.login("alice")
    let life = 30 * Self.day
    assertAdmitted(try await verify(house, cookie: session.refreshToken, after: life - 1))
    assertRefused(try await verify(house, cookie: session.refreshToken, after: life))
    assertRefused(
      try await verify(house, cookie: session.refreshToken, headers: navigation, after: life))
  }

  func testP7_navigationIsSentToRenewATokenPastHalfItsLife() async throws {
    let house = try await house()
    let session = await house.login("alice")
    let half = 15 * Self.day
    assertAdmitted(
      try await verify(
        house, cookie: session.refreshToken, headers: navigation, after: half - 1))
    assertRefused(
      try await verify(house, cookie: session.refreshToken, headers: navigation, after: half),
      "renew")
    for mode in ["cors", "no-cors", "websocket", "same-origin", "Navigate", ""] {
      assertAdmitted(
        try await verify(
          house, cookie: session.refreshToken,
          headers: [XCTUnwrap(HTTPField.Name("Sec-Fetch-Mode")): mode], after: half))
    }
    assertAdmitted(try await verify(house, cookie: session.refreshToken, after: half))
    let next = await house.refresh(session.refreshToken, at: later(half))
    assertAdmitted(
      try await verify(house, cookie: next.refreshToken, headers: navigation, after: half + 1))
  }

  func testP7_twoCookiesOfTheNameAdmitNobody() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    assertRefused(try await verify(house, cookie: "\(token); __Host-refresh=\(token)"))
    assertRefused(try await verify(house, cookie: "\(token); __Host-refresh=x"))
    assertRefused(
      try await verify(house, bearer: house.login("alice").accessToken, cookie: "x"))
  }

  func testP7_cookieAndAccessTokenMustBothBeGoodAndOfOneSession() async throws {
    let house = try await house()
    let mine = await house.login("alice")
    let other = await house.login("alice")
    let bobs = await house.login("bob")
    assertAdmitted(
      try await verify(house, bearer: mine.accessToken, cookie: mine.refreshToken))
    for (access, refresh) in [
      (mine.accessToken, other.refreshToken), (mine.accessToken, bobs.refreshToken),
      (bobs.accessToken, mine.refreshToken), ("x", mine.refreshToken), (mine.accessToken, "x"),
      ("\(mine.accessToken) \(mine.accessToken)", mine.refreshToken),
      (mine.refreshToken, mine.refreshToken), (mine.accessToken, mine.accessToken),
      ("", mine.refreshToken),
    ] {
      let response = try await verify(house, bearer: access, cookie: refresh)
      XCTAssertEqual(response.status, .unauthorized)
      XCTAssertNotEqual(response["X-Auth-Error"], "renew")
    }
    assertRefused(
      try await verify(house, bearer: mine.accessToken, cookie: mine.refreshToken, after: 900),
      "invalid_token", "jwt expired")
  }

  func testCredentialsOfOtherSchemesAreTheApplicationsOwn() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    for other in ["Basic YTpi", "Digest username=x", "BearerX y", "Bearer\u{e9} x"] {
      assertAdmitted(
        try await verify(house, cookie: token, headers: [.authorization: other]))
    }
  }

  func testE12_whatIsNoTokenOfOursAdmitsNobodyAndEndsNoSession() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    for bad in ["x", "a.b.c", String(token.dropLast(2)), token + "x", "\"\(token)\"", "\u{e9}"] {
      assertRefused(try await verify(house, cookie: bad))
    }
    assertAdmitted(try await verify(house, cookie: token))
  }

  func testC6_noTokenPassesForOneOfTheOtherKind() async throws {
    let house = try await house()
    let session = await house.login("alice")
    assertRefused(try await verify(house, cookie: session.accessToken))
    assertRefused(try await verify(house, bearer: session.refreshToken))
  }

  func testCookieOfASessionWithAFingerprintDoesNotDo() async throws {
    let house = try await house()
    let session = await house.login("alice", fingerprint: "screen 1920x1080")
    for headers in [[:], navigation] {
      assertRefused(
        try await verify(house, cookie: session.refreshToken, headers: headers),
        "fingerprint_required")
    }
    assertAdmitted(try await verify(house, bearer: session.accessToken))
  }

  func testP1_reuseEndsWhatTheCookieAdmitted() async throws {
    let house = try await house()
    let session = await house.login("alice")
    let next = await house.refresh(session.refreshToken)
    _ = await house.refresh(session.refreshToken, at: later(60))
    assertRefused(try await verify(house, cookie: next.refreshToken, after: 60))
  }
}
