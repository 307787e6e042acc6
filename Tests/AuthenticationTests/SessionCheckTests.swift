import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import Postern
import Sessions
import TestSupport
import XCTest

@testable import Authentication

/// An access token ends with its session and with its user's admission.
final class SessionCheckTests: TemporaryFolderTestCase {
  private let protected: [(HTTPRequest.Method, String)] = [
    (.get, "/job-list"), (.head, "/job-list"), (.get, "/current-user"), (.get, "/sessions"),
    (.get, "/verify"), (.head, "/verify"),
    (.delete, "/sessions"), (.delete, "/sessions/x"), (.post, "/password"),
  ]

  /// Two sessions of alice.
  private func house() async throws -> (house: TestHouse, mine: Response, other: Response) {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    return (house, await house.login("alice"), await house.login("alice"))
  }

  private func assertRefusedEverywhere(
    _ token: String, _ house: TestHouse, line: UInt = #line
  ) async {
    for (method, path) in protected {
      let response = await house.router.respond(to: .make(method, path, bearer: token))
      XCTAssertEqual(response.status, .unauthorized, "\(method) \(path)", line: line)
      XCTAssertEqual(response.text, "Token is invalid", "\(method) \(path)", line: line)
    }
  }

  private func isAdmitted(_ token: String, _ house: TestHouse) async -> Bool {
    await house.router.respond(to: .make(.get, "/job-list", bearer: token)).status == .ok
  }

  func testP1_tokenOfASessionThatSignedOutIsRefusedEverywhere() async throws {
    let (house, mine, other) = try await house()
    _ = await house.router.respond(
      to: .make(.post, "/logout", json: ["refreshToken": mine.refreshToken]))
    await assertRefusedEverywhere(mine.accessToken, house)
    let goesOn = await isAdmitted(other.accessToken, house)
    XCTAssertTrue(goesOn)
  }

  func testP1_tokenOfASessionThatAnotherEndedIsRefusedEverywhere() async throws {
    let (house, mine, other) = try await house()
    _ = await house.router.respond(to: .make(.delete, "/sessions", bearer: mine.accessToken))
    await assertRefusedEverywhere(other.accessToken, house)
    let goesOn = await isAdmitted(mine.accessToken, house)
    XCTAssertTrue(goesOn)
  }

  func testP1_tokensOfASessionWhoseRefreshTokenWasReusedAreRefusedEverywhere() async throws {
    let (house, mine, _) = try await house()
    let next = await house.refresh(mine.refreshToken)
    let late = TestHouse.now.addingTimeInterval(60)
    _ = await house.refresh(mine.refreshToken, at: late)
    await assertRefusedEverywhere(mine.accessToken, house)
    await assertRefusedEverywhere(next.accessToken, house)
  }

  func testP1_tokensOfOtherSessionsAreRefusedAfterAPasswordChange() async throws {
    let (house, mine, other) = try await house()
    let change = [
      "currentPassword": TestHouse.password, "newPassword": "another horse of 2027",
    ]
    let response = await house.router.respond(
      to: .make(.post, "/password", json: change, bearer: mine.accessToken))
    XCTAssertEqual(response.status, .noContent)
    await assertRefusedEverywhere(other.accessToken, house)
  }

  func testP1_tokenOfADisabledUserIsRefusedEverywhere() async throws {
    let (house, mine, _) = try await house()
    try house.documents.update(User.self, "alice") { $0?.isDisabled = true }
    await assertRefusedEverywhere(mine.accessToken, house)
    try house.documents.update(User.self, "alice") { $0?.isDisabled = false }
    let isBack = await isAdmitted(mine.accessToken, house)
    XCTAssertTrue(isBack)
  }

  func testP1_tokenOfAUserWhoIsGoneIsRefusedEverywhere() async throws {
    let (house, mine, _) = try await house()
    try house.documents.update(User.self, "alice") { $0 = nil }
    try house.addUser("alice")
    await assertRefusedEverywhere(mine.accessToken, house)
  }

  func testP1_everyProtectedRouteIsAmongThese() async throws {
    let (house, _, _) = try await house()
    let paths = Set(protected.map { $0.1.replacingOccurrences(of: "/x", with: "/{id}") })
    let open: Set = [
      "/login", "/refresh-token", "/logout", "/link", "/password-policy", "/healthz", "/metrics",
      "/.well-known/jwks.json",
    ]
    let all = try standardModules.flatMap { try $0.init(house.service.services).routes }
      .map(\.path)
    XCTAssertEqual(Set(all).subtracting(open), paths)
  }

  func testP1_sessionOfAnEarlierPasswordIsRefusedThoughNobodyHasEndedIt() async throws {
    let (house, mine, _) = try await house()
    try house.documents.update(User.self, "alice") { $0?.passwordGeneration += 1 }
    await assertRefusedEverywhere(mine.accessToken, house)
    let again = await isAdmitted(house.login("alice").accessToken, house)
    XCTAssertTrue(again)
  }

  func testP1_onlyWritesAreCheckedWhereTheSettingSaysSo() async throws {
    let (house, mine, _) = try await house()
    let bearer = BearerAuthenticator(
      tokens: house.tokens,
      sessionCheck: SessionCheck(sessions: house.sessions, users: house.users, scope: .writes))
    _ = await house.router.respond(
      to: .make(.post, "/logout", json: ["refreshToken": mine.refreshToken]))
    for method: HTTPRequest.Method in [.get, .head] {
      XCTAssertNoThrow(
        try bearer.authenticate(.make(method, "/", bearer: mine.accessToken)), "\(method)")
    }
    for method: HTTPRequest.Method in [.post, .put, .delete, .patch, .options] {
      XCTAssertThrowsError(
        try bearer.authenticate(.make(method, "/", bearer: mine.accessToken)), "\(method)")
    }
  }

  func testP1_sessionThatCannotBeReadIsTroubleOfTheServiceAndEndsNobodysSession() async throws {
    let (house, mine, other) = try await house()
    let id = try house.tokens.verifyAccessToken(
      .init(mine.accessToken), at: TestHouse.now
    ).sub
    let path = try XCTUnwrap(
      FileManager.default.enumerator(atPath: "\(folder)/tokens")?.compactMap { $0 as? String }
        .first { $0.hasSuffix("/\(id).json") })
    let file = "\(folder)/tokens/\(path)"
    let whole = try Data(contentsOf: URL(fileURLWithPath: file))
    try whole.dropLast(3).write(to: URL(fileURLWithPath: file))
    let response = await house.router.respond(
      to: .make(.get, "/job-list", bearer: mine.accessToken))
    XCTAssertEqual(response.status, .serviceUnavailable)
    try whole.write(to: URL(fileURLWithPath: file))
    let isAdmitted = await isAdmitted(other.accessToken, house)
    XCTAssertTrue(isAdmitted)
  }
}
