import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

final class LogoutTests: TemporaryFolderTestCase {
  func testTheSessionOfTheTokenEndsAndNoOther() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let first = await house.login("alice").refreshToken
    let second = await house.login("alice").refreshToken
    let response = await logout(house, first)
    XCTAssertEqual(response.status, .noContent)
    XCTAssertTrue(response.body.isEmpty)
    let ended = await house.refresh(first)
    XCTAssertEqual(ended.text, "Refresh token is wrong")
    let other = await house.refresh(second)
    XCTAssertEqual(other.status, .ok)
  }

  func testE7_NoTokenOfTheSessionWorksAfterwards() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let parent = await house.login("alice").refreshToken
    let child = await house.refresh(parent).refreshToken
    _ = await logout(house, parent)
    for token in [parent, child] {
      let response = await house.refresh(token)
      XCTAssertEqual(response.status, .forbidden)
      XCTAssertEqual(response.text, "There is no refresh token for the user")
    }
  }

  func testE7_RacingRefreshesNeverOutliveTheLogout() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    for _ in 0..<25 {
      let token = await house.login("alice").refreshToken
      await withTaskGroup { group in
        for _ in 0..<4 { group.addTask { _ = await house.refresh(token) } }
        group.addTask { _ = await logout(house, token) }
      }
      let after = await house.refresh(token)
      XCTAssertEqual(after.status, .forbidden)
    }
  }

  func testK3_AnyTokenOrNoneIsAnsweredAlike() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let access = await house.login("alice").accessToken
    for token: Any? in [nil, "", "garbage", 7, access] {
      let response = await logout(house, token)
      XCTAssertEqual(response.status, .noContent)
    }
    let sessions = try house.sessions.sessions(
      ofUser: XCTUnwrap(house.users.all().users.first).id, at: TestHouse.now)
    XCTAssertEqual(sessions.count, 1)
  }

  func testK3_AnExpiredTokenStillSignsOut() async throws {
    let house = try await TestHouse(folder: folder, policy: .init(refreshLifetime: 60))
    let user = try house.addUser("alice")
    let parent = await house.login("alice").refreshToken
    _ = await house.refresh(parent, at: TestHouse.now.addingTimeInterval(59))
    _ = await house.router.respond(
      to: .make(
        .post, "/logout", json: ["refreshToken": parent],
        at: TestHouse.now.addingTimeInterval(61)))
    let live = try house.sessions.sessions(
      ofUser: user.id, at: TestHouse.now.addingTimeInterval(61))
    XCTAssertEqual(live, [])
  }
}

private func logout(_ house: TestHouse, _ token: Any?) async -> Response {
  await house.router.respond(
    to: .make(.post, "/logout", json: token.map { ["refreshToken": $0] } ?? [:]))
}
