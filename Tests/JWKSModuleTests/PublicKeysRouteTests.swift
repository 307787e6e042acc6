import Foundation
import HTTPTypes
import HandlerKit
import JWKSModule
import Logging
import TestSupport
import Tokens
import XCTest

final class PublicKeysRouteTests: TemporaryFolderTestCase {
  private func router(_ keys: KeySet) throws -> Router {
    let tokens = TokenIssuer(access: try KeyRing(keys), refresh: try KeyRing(.random()))
    return try Router(
      [JWKSModule(tokens: tokens)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func keys(_ response: Response) throws -> [[String: String]] {
    let object = try JSONSerialization.jsonObject(with: Data(response.body))
    return try XCTUnwrap((object as? [String: Any])?["keys"] as? [[String: String]])
  }

  func testNothingOfASecretKeyIsShown() async throws {
    let house = try await TestHouse(folder: folder)
    let response = await house.router.respond(to: .make(.get, "/.well-known/jwks.json"))
    XCTAssertEqual(response.status, .ok)
    XCTAssertEqual(response.text, #"{"keys":[]}"#)
  }

  func testPublicKeysHaveExactlyTheMembersOfAJWK() async throws {
    for (algorithm, members) in [
      (KeyAlgorithm.es256, ["alg", "crv", "kid", "kty", "use", "x", "y"]),
      (.ed25519, ["alg", "crv", "kid", "kty", "use", "x"]),
    ] {
      let set = try KeySet.random(algorithm)
      let response = try await router(set).respond(to: .make(.get, "/.well-known/jwks.json"))
      let key = try XCTUnwrap(keys(response).first)
      XCTAssertEqual(key.keys.sorted(), members)
      XCTAssertEqual(key["kid"], set.signing.id)
      XCTAssertEqual(key["alg"], algorithm.rawValue)
    }
  }

  func testAnswerMayBeKeptForLessTimeThanANewKeyWaits() async throws {
    let response = try await router(.random(.es256)).respond(
      to: .make(.get, "/.well-known/jwks.json"))
    XCTAssertEqual(response.headers[.contentType], "application/jwk-set+json")
    XCTAssertEqual(response.headers[.cacheControl], "public, max-age=60")
    XCTAssertLessThanOrEqual(
      KeySet.publicKeysAge + KeySet.reloadTime, KeySet.activationDelay)
  }

  func testOnlyReadingIsAllowed() async throws {
    let router = try router(.random(.es256))
    let posted = await router.respond(to: .make(.post, "/.well-known/jwks.json"))
    XCTAssertEqual(posted.status, .methodNotAllowed)
    XCTAssertEqual(posted.headers[.allow], "GET, HEAD, OPTIONS")
  }

  func testPagesOfOtherOriginsReadItOnlyWhereTheyAreAllowedTo() async throws {
    let request = Request.make(
      .get, "/.well-known/jwks.json", headers: [.origin: "https://other.example"])
    let response = try await router(.random(.es256)).respond(to: request)
    XCTAssertNil(response.headers[.accessControlAllowOrigin])
  }
}
