import DocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import Tokens
import XCTest

final class RefusedTokenTests: RefreshTestCase {
  func testB8_noTokenIsForbidden() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    for body in [
      "", "{}", #"{"refreshToken":""}"#, #"{"refreshToken":null}"#, #"{"refreshToken":1}"#,
      #"{"refreshToken":true}"#, #"{"refreshToken":["\#(token)"]}"#,
      #"{"refreshToken":{"token":"\#(token)"}}"#, #"{"refreshtoken":"\#(token)"}"#,
      #"{"token":"\#(token)"}"#,
    ] {
      assert(await post(body, to: house), isForbidden: "Access is forbidden", body)
    }
    for body in ["null", "[]", "{", #""\#(token)""#] {
      let response = await post(body, to: house)
      XCTAssertEqual(response.status.code, 400, body)
    }
  }

  func testC3_tokenCountsInTheBodyAlone() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    var request = Request.make(.post, "/refresh-token", json: [:], bearer: token)
    request.query = "refreshToken=\(token)"
    request.headers[.cookie] = "refreshToken=\(token)"
    assert(await house.router.respond(to: request), isForbidden: "Access is forbidden")
    request.method = .get
    let response = await house.router.respond(to: request)
    XCTAssertEqual(response.status.code, 405)
  }

  func testE12_whatIsNoTokenOfOursIsRefusedWithoutAskingTheStore() async throws {
    let store = CountingStore(try TestStore.open(folder: folder))
    let house = try await TestHouse(folder: folder, documents: store)
    try house.addUser("alice")
    let login = await house.login("alice")
    let token = login.refreshToken
    let claims = try house.tokens.verifyRefreshToken(token, at: TestHouse.now)
    let foreign = try await foreignToken(claims)
    let old = try issued(house, claims, expiringIn: 0)
    let signature = token.split(separator: ".")[2]

    let before = store.accesses
    let cases = [
      ("garbage", "jwt malformed"), ("a.b.c", "jwt malformed"), ("..", "jwt malformed"),
      (String(repeating: "x", count: 15_000), "jwt malformed"), ("\0", "jwt malformed"),
      (token.uppercased(), "jwt malformed"), (token + ".x", "jwt malformed"),
      (" " + token, "jwt malformed"),
      (foreign, "invalid signature"), (String(token.dropLast()), "invalid signature"),
      (String(token.dropLast(10)), "invalid signature"), (token + "=", "invalid signature"),
      (token.replacing(signature, with: ""), "invalid signature"),
      (token.replacing(signature, with: signature.lowercased()), "invalid signature"),
      (login.accessToken, "invalid signature"),
      (old, "jwt expired"),
    ]
    for (text, message) in cases {
      assert(await house.refresh(text), isForbidden: message, text)
    }
    XCTAssertEqual(store.accesses, before)

    assertIsRefreshed(await house.refresh(token))
    XCTAssertGreaterThan(store.accesses, before)
  }

  func testE12_tokenFromTheFutureIsMalformed() async throws {
    let house = try await house()
    let token = await house.login("alice", at: time(6)).refreshToken
    assert(await house.refresh(token), isForbidden: "jwt malformed")
    assertIsRefreshed(await house.refresh(token, at: time(1)))
  }

  func testE13_badSignatureOfAnOldTokenNeverRevokesItsSession() async throws {
    let house = try await house()
    let login = await house.login("alice")
    let current = await house.refresh(login.refreshToken, at: time(10))
    let claims = try house.tokens.verifyRefreshToken(login.refreshToken, at: time(10))
    let foreign = try await foreignToken(claims)
    for token in [foreign, String(login.refreshToken.dropLast(2))] {
      assert(await house.refresh(token, at: time(100)), isForbidden: "invalid signature")
    }
    assertIsRefreshed(await house.refresh(current.refreshToken, at: time(101)))
  }

  func testSignedTokenOfAUserWithoutSessionsHasNone() async throws {
    let house = try await house()
    var claims = try house.tokens.verifyRefreshToken(
      await house.login("alice").refreshToken, at: TestHouse.now)
    for sub in ["nobody", "../../etc/passwd", "a\0b"] {
      claims.sub = sub
      assert(
        await house.refresh(try issued(house, claims, expiringIn: 60)),
        isForbidden: "There is no refresh token for the user", sub)
    }
    XCTAssertFalse(try files().contains { $0.contains("passwd") && $0.hasSuffix(".json") })
  }

  func testRefusalIsProblemDetailsForWhoeverNamesThem() async throws {
    let house = try await house()
    for (token, code) in [("x", "jwt_malformed"), ("", "access_forbidden")] {
      let response = await house.router.respond(
        to: .make(
          .post, "/refresh-token", json: ["refreshToken": token],
          headers: [.accept: "application/problem+json"]))
      XCTAssertEqual(response.status.code, 403)
      XCTAssertEqual(response.headers[.contentType], "application/problem+json")
      XCTAssertEqual(response.json["code"] as? String, code)
      XCTAssertEqual(response.json["title"] as? String, "Forbidden")
    }
  }

  /// The same claims, signed by another installation's key.
  private func foreignToken(_ claims: RefreshClaims) async throws -> String {
    let foreign = TokenIssuer(
      access: try KeyRing(KeySet(signing: .random())),
      refresh: try KeyRing(KeySet(signing: .random())))
    return try issued(foreign, claims, expiringIn: 60)
  }

  private func issued(
    _ house: TestHouse, _ claims: RefreshClaims, expiringIn seconds: Int
  ) throws -> String {
    try issued(house.tokens, claims, expiringIn: seconds)
  }

  private func issued(
    _ issuer: TokenIssuer, _ claims: RefreshClaims, expiringIn seconds: Int
  ) throws -> String {
    let issued = try issuer.tokens(
      for: .init(id: claims.sub, email: "", username: ""), session: claims.sid,
      refresh: (claims.jti, claims.iat, claims.iat + seconds), at: TestHouse.now)
    return try XCTUnwrap(issued.refreshToken)
  }
}
