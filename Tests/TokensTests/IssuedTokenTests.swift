import ForeignInput
import Foundation
import TestSupport
import XCTest

@testable import Tokens

final class IssuedTokenTests: XCTestCase {
  private let user = AccessClaims.User(id: "u1", email: "a@example.com", username: "alice")
  private let time = Date(timeIntervalSince1970: 1_800_000_000.9)

  private func issuer(audience: String? = nil) async throws -> TokenIssuer {
    TokenIssuer(
      access: try KeyRing(
        KeySet(signing: KeySecret(text: TestHouse.accessSecret, type: AccessClaims.type))),
      refresh: try KeyRing(
        KeySet(signing: KeySecret(text: TestHouse.refreshSecret, type: RefreshClaims.type))),
      audience: audience)
  }

  private func issue(_ issuer: TokenIssuer) throws -> IssuedTokens {
    try issuer.tokens(
      for: user, session: "s1", refresh: ("j1", 1_799_999_000, 1_802_591_000), at: time)
  }

  private func part(_ number: Int, of token: String) throws -> NSDictionary {
    var text = token.split(separator: ".")[number].replacingOccurrences(of: "-", with: "+")
      .replacingOccurrences(of: "_", with: "/")
    while text.count % 4 != 0 { text += "=" }
    let data = try XCTUnwrap(Data(base64Encoded: text))
    return try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? NSDictionary)
  }

  func testAccessTokenHasExactlyTheseHeadersAndClaims() async throws {
    let token = try issue(await issuer()).accessToken
    let kid = try KeySecret(text: TestHouse.accessSecret, type: AccessClaims.type).id
    XCTAssertEqual(try part(0, of: token), ["alg": "HS256", "kid": kid, "typ": "at+jwt"])
    let claims = try part(1, of: token)
    let jti = try XCTUnwrap(claims["jti"] as? String)
    XCTAssertNotNil(UUID(uuidString: jti))
    XCTAssertEqual(
      claims,
      [
        "user": ["id": "u1", "email": "a@example.com", "username": "alice"],
        "sub": "u1", "sid": "s1", "jti": jti, "iss": "postern",
        "iat": 1_800_000_000, "exp": 1_800_000_900,
      ])
  }

  func testAccessTokenNamesTheGroupsOfAUserWhoHasSome() async throws {
    let issuer = try await issuer()
    let issued = try issuer.tokens(
      for: user, groups: ["ops", "web"], session: "s1",
      refresh: ("j1", 1_799_999_000, 1_802_591_000),
      at: time)
    XCTAssertEqual(try part(1, of: issued.accessToken)["groups"] as? [String], ["ops", "web"])
    let claims = try issuer.verifyAccessToken(issued.accessToken, at: time)
    XCTAssertEqual(claims.groups, ["ops", "web"])
    XCTAssertNil(try part(1, of: XCTUnwrap(issued.refreshToken))["groups"])
  }

  func testAccessTokenNamesTheAudienceWhereOneIsConfigured() async throws {
    let issuer = try await issuer(audience: "app")
    let token = try issue(issuer).accessToken
    XCTAssertEqual(try part(1, of: token)["aud"] as? String, "app")
    // RFC 9068 §2.2: iss, exp, aud, sub, client_id, iat and jti.
    XCTAssertEqual(
      Set(try part(1, of: token).allKeys.compactMap { $0 as? String }),
      ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "sid", "user"])
    XCTAssertEqual(try part(1, of: token)["client_id"] as? String, "web")
    XCTAssertNoThrow(try issuer.verifyAccessToken(token, at: time))
  }

  func testRefreshTokenHasExactlyTheseHeadersAndClaims() async throws {
    let issuer = try await issuer()
    let token = try XCTUnwrap(issue(issuer).refreshToken)
    let kid = try KeySecret(text: TestHouse.refreshSecret, type: RefreshClaims.type).id
    XCTAssertEqual(try part(0, of: token), ["alg": "HS256", "kid": kid, "typ": "rt+jwt"])
    XCTAssertEqual(
      try part(1, of: token),
      [
        "sub": "u1", "sid": "s1", "jti": "j1", "iss": "postern",
        "iat": 1_799_999_000, "exp": 1_802_591_000,
      ])
  }

  func testSameRefreshClaimsGiveTheSameBytesInEveryProcess() async throws {
    let first = try issue(await issuer())
    let second = try issue(await issuer())
    XCTAssertEqual(first.refreshToken, second.refreshToken)
    XCTAssertNotEqual(first.accessToken, second.accessToken)
  }

  func testWhatIsIssuedIsAdmittedWithItsClaims() async throws {
    let issuer = try await issuer()
    let tokens = try issue(issuer)
    XCTAssertEqual(tokens.expiresIn, 900)
    XCTAssertEqual(try issuer.verifyAccessToken(tokens.accessToken, at: time).user, user)
    let refreshToken = try XCTUnwrap(tokens.refreshToken)
    XCTAssertEqual(try issuer.verifyRefreshToken(refreshToken, at: time).jti, "j1")
  }

  func testIssuedTokensEncodeAsClientsReadThem() async throws {
    let data = try JSONEncoder().encode(issue(await issuer()))
    let object = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
    XCTAssertEqual(Set(object.keys), ["accessToken", "refreshToken", "expiresIn"])
  }

  func testT20_retiredKeyStillVerifiesAndOneThatIsGoneDoesNot() async throws {
    let old = try KeySecret.random()
    let new = try KeySecret.random()
    let claims = RefreshClaims(sub: "u", sid: "s", jti: "j", iat: 1, exp: 2, iss: "postern")
    let token = try KeyRing<RefreshClaims>(KeySet(signing: old)).sign(claims)
    let overlapping = try KeyRing<RefreshClaims>(
      KeySet(signing: new, verifying: [old]))
    XCTAssertEqual(try overlapping.verify(ForeignText(token)), claims)
    XCTAssertNotEqual(try overlapping.sign(claims), token)
    let later = try KeyRing<RefreshClaims>(
      KeySet(signing: new, retired: [old.id]))
    XCTAssertThrowsError(try later.verify(ForeignText(token))) {
      XCTAssertEqual($0 as? TokenError, .invalidSignature)
    }
  }
}
