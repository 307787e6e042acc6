import Authentication
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import Tokens
import XCTest

final class BearerTests: XCTestCase {
  private func refusal(
    _ header: String?, _ forge: Forge, at seconds: Int = Forge.now
  ) -> HTTPError? {
    var request = Request.make(
      .get, "/", at: Date(timeIntervalSince1970: TimeInterval(seconds)))
    request.headers[.authorization] = header
    do {
      _ = try BearerAuthenticator(tokens: forge.issuer, sessionCheck: nil).authenticate(request)
      return nil
    } catch {
      return error as? HTTPError
    }
  }

  func testC1_schemeIsBearerInAnyCase() async throws {
    let forge = try await Forge.both()[0]
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
      XCTAssertNil(refusal("\(scheme) \(forge.token())", forge), scheme)
    }
  }

  func testC1_withoutCredentialsTheChallengeIsBare() async throws {
    let forge = try await Forge.both()[0]
    let token = forge.token()
    for header in [
      nil, "", "Bearer", "Bearer  \(token)", "Bearer\t\(token)",
      "Bearer \(token), Bearer \(token)", "Basic YTpi", "Token \(token)", "Bearer\(token)", token,
      "Bearer token=\(token) x", "Bearer, \(token)",
    ] as [String?] {
      let error = try XCTUnwrap(refusal(header, forge), header ?? "none")
      XCTAssertEqual(error.status, .unauthorized)
      XCTAssertEqual(error.message, "Token is invalid", header ?? "none")
      XCTAssertEqual(error.headers[.wwwAuthenticate], "Bearer", header ?? "none")
    }
  }

  func testBadTokenHasItsOwnTextAndAChallengeThatSaysWhy() async throws {
    let forges = try await Forge.both()
    let forge = forges[0]
    let input = forge.encodedHeader() + "." + forge.encodedClaims()
    let cases: [(String, String, String)] = [
      ("x", "Token is invalid", "the token is invalid"),
      ("a,b", "Token is invalid", "the token is invalid"),
      (forge.token(claims: ["iss": #""x""#]), "Token is invalid", "the token is invalid"),
      (forges[1].token(), "Token is invalid", "the token is invalid"),
      (forge.signed(input, secret: "x"), "invalid signature", "invalid signature"),
      (forge.token(claims: ["exp": "\(Forge.now)"]), "jwt expired", "the token has expired"),
    ]
    for (token, message, description) in cases {
      let error = try XCTUnwrap(refusal("Bearer \(token)", forge))
      XCTAssertEqual(error.status, .unauthorized)
      XCTAssertEqual(error.message, message)
      XCTAssertEqual(
        error.headers[.wwwAuthenticate],
        #"Bearer error="invalid_token", error_description="\#(description)""#)
      XCTAssertNil(error.logDetail)
    }
  }

  func testC7_onlyTheAuthorizationHeaderCounts() async throws {
    let forge = try await Forge.both()[0]
    var request = Request.make(.get, "/", at: TestHouse.now)
    request.query = "access_token=\(forge.token())"
    for name in ["X-Forwarded-User", "Cookie", "X-Authorization", "Proxy-Authorization"] {
      request.headers[try XCTUnwrap(HTTPField.Name(name))] = "Bearer \(forge.token())"
    }
    XCTAssertThrowsError(
      try BearerAuthenticator(tokens: forge.issuer, sessionCheck: nil).authenticate(request))
  }

  func testTheCallerIsWhomTheTokenNames() async throws {
    let forge = try await Forge.both()[0]
    let request = Request.make(.get, "/", bearer: forge.token(), at: TestHouse.now)
    let caller = try BearerAuthenticator(tokens: forge.issuer, sessionCheck: nil).authenticate(
      request)
    XCTAssertEqual(caller.sub, "u1")
    XCTAssertEqual(caller.sid, "s1")
  }
}
