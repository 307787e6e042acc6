import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import Logging
import Sessions
import TestSupport
import XCTest

@testable import Authentication

/// Routes that only members of a group may use.
final class GroupTests: TemporaryFolderTestCase {
  private func house() async throws -> TestHouse {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    try setGroups(["ops", "web"], house)
    return house
  }

  private func setGroups(_ groups: [String], _ house: TestHouse) throws {
    try house.documents.update(User.self, "alice") { $0?.groups = groups }
  }

  private func router(_ bearer: BearerAuthenticator) throws -> Router {
    struct Module: HandlerModule {
      static let name = "grouped"
      let bearer: BearerAuthenticator
      var routes: [Route] {
        Route(.get, "/ops", for: bearer.requiring(group: "ops")) { _, caller in
          .text(caller.groups?.joined(separator: ",") ?? "")
        }
        Route(.get, "/both", for: bearer.requiring(group: "ops").requiring(group: "staff")) {
          _, _ in .text("both")
        }
        Route(.get, "/any", for: bearer) { _, caller in
          .text(caller.groups?.joined(separator: ",") ?? "none")
        }
      }
    }
    return try Router([Module(bearer: bearer)], logger: .init(label: "test"))
  }

  private func bearer(
    _ house: TestHouse, _ scope: SessionCheck.Scope = .always
  ) -> BearerAuthenticator {
    BearerAuthenticator(
      tokens: house.tokens,
      sessionCheck: SessionCheck(sessions: house.sessions, users: house.users, scope: scope))
  }

  func testOthersAreForbiddenInPlainTextWithACode() async throws {
    let house = try await house()
    let router = try router(bearer(house))
    let token = await house.login("alice").accessToken
    let admitted = await router.respond(to: .make(.get, "/ops", bearer: token))
    XCTAssertEqual(admitted.text, "ops,web")
    let refused = await router.respond(to: .make(.get, "/both", bearer: token))
    XCTAssertEqual(refused.status, .forbidden)
    XCTAssertEqual(refused.text, "You are not in a group that may do this")
    let accept: HTTPFields = [.accept: "application/problem+json"]
    let problem = await router.respond(to: .make(.get, "/both", bearer: token, headers: accept))
    XCTAssertEqual(problem.json["code"] as? String, "not_in_group")
    try setGroups(["ops", "staff"], house)
    let both = await router.respond(to: .make(.get, "/both", bearer: token))
    XCTAssertEqual(both.text, "both")
  }

  func testWhoeverIsNotSignedInIsToldThatFirst() async throws {
    let house = try await house()
    let router = try router(bearer(house))
    for token in [nil, "x"] {
      let response = await router.respond(to: .make(.get, "/ops", bearer: token))
      XCTAssertEqual(response.status, .unauthorized)
    }
  }

  func testARemovalFromAGroupCountsFromTheNextRequest() async throws {
    let house = try await house()
    let router = try router(bearer(house))
    let token = await house.login("alice").accessToken
    try setGroups([], house)
    let refused = await router.respond(to: .make(.get, "/ops", bearer: token))
    XCTAssertEqual(refused.status, .forbidden)
    let any = await router.respond(to: .make(.get, "/any", bearer: token))
    XCTAssertEqual(any.text, "none")
  }

  func testWhereTheSessionIsNotCheckedTheTokensGroupsCount() async throws {
    let house = try await house()
    let router = try router(bearer(house, .writes))
    let token = await house.login("alice").accessToken
    try setGroups([], house)
    let admitted = await router.respond(to: .make(.get, "/ops", bearer: token))
    XCTAssertEqual(admitted.text, "ops,web")
    let fresh = await house.login("alice").accessToken
    let refused = await router.respond(to: .make(.get, "/ops", bearer: fresh))
    XCTAssertEqual(refused.status, .forbidden)
  }

  func testARefreshedTokenNamesTheGroupsOfThatMoment() async throws {
    let house = try await house()
    let session = await house.login("alice")
    try setGroups(["web"], house)
    let next = await house.refresh(session.refreshToken)
    let claims = try house.tokens.verifyAccessToken(.init(next.accessToken), at: TestHouse.now)
    XCTAssertEqual(claims.groups, ["web"])
  }
}
