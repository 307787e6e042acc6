import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

final class CurrentUserTests: TemporaryFolderTestCase {
  private func house() async throws -> (house: TestHouse, token: String) {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    return (house, await house.login("alice").accessToken)
  }

  private func get(
    _ house: TestHouse, _ token: String, after seconds: TimeInterval = 0
  ) async -> Response {
    await house.router.respond(
      to: .make(
        .get, "/current-user", bearer: token, at: TestHouse.now.addingTimeInterval(seconds)))
  }

  private func assertUnauthorized(
    _ response: Response, _ text: String = "Token is invalid", line: UInt = #line
  ) {
    XCTAssertEqual(response.status.code, 401, line: line)
    XCTAssertEqual(response.text, text, line: line)
    XCTAssertEqual(
      response.headers[.wwwAuthenticate]?.hasPrefix(#"Bearer error="invalid_token""#), true,
      line: line)
  }

  func testAnswerHasExactlyTheFieldsOfTheContractAsTheStoreHasThemNow() async throws {
    let (house, token) = try await house()
    let id = try XCTUnwrap(house.users.all().users.first).id
    try house.documents.update(User.self, "alice") { user in
      user?.profile = .init(
        email: "new@example.com", firstName: "Alice", lastName: "Ünal", gender: "f",
        phone: "+49 30 1", city: "Berlin")
    }
    let response = await get(house, token)
    XCTAssertEqual(response.status, .ok)
    XCTAssertEqual(response.headers[.cacheControl], "no-store")
    XCTAssertEqual(
      response.json as NSDictionary,
      [
        "id": id, "username": "alice", "email": "new@example.com", "first_name": "Alice",
        "last_name": "Ünal", "gender": "f", "phone": "+49 30 1", "city": "Berlin",
      ])
  }

  func testSignInShowsTheSameUser() async throws {
    let (house, token) = try await house()
    let login = await house.login("alice")
    let current = await get(house, token)
    XCTAssertEqual(login.json["user"] as? NSDictionary, current.json as NSDictionary)
  }

  func testK6_T18_userWhoIsGoneOrCameBackAsSomebodyElseIsUnauthorized() async throws {
    let (house, token) = try await house()
    try house.documents.update(User.self, "alice") { $0 = nil }
    assertUnauthorized(await get(house, token))
    try house.addUser("alice")
    assertUnauthorized(await get(house, token))
    let response = await get(house, await house.login("alice").accessToken)
    XCTAssertEqual(response.status, .ok)
  }

  func testDisabledUserIsUnauthorized() async throws {
    let (house, token) = try await house()
    try house.documents.update(User.self, "alice") { $0?.isDisabled = true }
    assertUnauthorized(await get(house, token))
  }

  func testT18_subjectNeverBecomesAPath() async throws {
    let (house, _) = try await house()
    for (sub, username) in [
      ("../x", "../users/alice"), ("a\0b", "a\0b"), (String(repeating: "x", count: 1000), "alice"),
      ("", ""), ("1", String(repeating: "y", count: 1000)),
    ] {
      let token = try house.tokens.tokens(
        for: .init(id: sub, email: "", username: username), session: "s",
        refresh: ("j", 1, 2), at: TestHouse.now
      ).accessToken
      assertUnauthorized(await get(house, token))
    }
  }

  func testRefusalsAreThoseOfTheContract() async throws {
    let (house, token) = try await house()
    assertUnauthorized(await get(house, "garbage"))
    assertUnauthorized(await get(house, await house.login("alice").refreshToken))
    assertUnauthorized(await get(house, String(token.dropLast(3))), "invalid signature")
    assertUnauthorized(await get(house, token, after: 900), "jwt expired")
    let bare = await house.router.respond(to: .make(.get, "/current-user"))
    XCTAssertEqual(bare.status.code, 401)
    XCTAssertEqual(bare.text, "Token is invalid")
    XCTAssertEqual(bare.headers[.wwwAuthenticate], "Bearer")
  }

  func testQueryNamingAnotherUserChangesNothing() async throws {
    let (house, token) = try await house()
    let bob = try house.addUser("bob")
    var request = Request.make(.get, "/current-user", bearer: token)
    request.query = "id=\(bob.id)&username=bob&user_id=\(bob.id)"
    let response = await house.router.respond(to: request)
    XCTAssertEqual(response.json["username"] as? String, "alice")
  }
}
