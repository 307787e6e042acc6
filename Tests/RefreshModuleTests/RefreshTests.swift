import Foundation
import HandlerKit
import TestSupport
import Tokens
import XCTest

final class RefreshTests: RefreshTestCase {
  func testRotationGivesASuccessorAndANewAccessToken() async throws {
    let house = try await house()
    let login = await house.login("alice")
    let response = await house.refresh(login.refreshToken, at: time(10))
    assertIsRefreshed(response)
    let old = try house.tokens.verifyRefreshToken(login.refreshToken, at: time(10))
    let new = try house.tokens.verifyRefreshToken(response.refreshToken, at: time(10))
    XCTAssertNotEqual(new.jti, old.jti)
    XCTAssertEqual(new.sid, old.sid)
    XCTAssertEqual(new.sub, old.sub)
    XCTAssertEqual(new.iat, old.iat + 10)
    let access = try house.tokens.verifyAccessToken(response.accessToken, at: time(10))
    XCTAssertEqual(access.sid, old.sid)
    XCTAssertEqual(access.exp, old.iat + 10 + 900)
    XCTAssertEqual(access.user.username, "alice")
  }

  func testD1_E2_replayGivesTheCurrentTokenByteForByteAndANewAccessToken() async throws {
    let house = try await house()
    let login = await house.login("alice")
    let first = await house.refresh(login.refreshToken, at: time(10))
    let again = await house.refresh(login.refreshToken, at: time(39))
    assertIsRefreshed(again)
    XCTAssertEqual(again.refreshToken, first.refreshToken)
    XCTAssertNotEqual(again.accessToken, first.accessToken)
    let next = await house.refresh(first.refreshToken, at: time(39))
    assertIsRefreshed(next)
    XCTAssertNotEqual(next.refreshToken, first.refreshToken)
    let late = await house.refresh(login.refreshToken, at: time(39.5))
    XCTAssertEqual(late.refreshToken, next.refreshToken)
  }

  func testE15_replayIsTheSameToTheByteAfterARestart() async throws {
    let login = try await house().login("alice")
    let first = try await TestHouse(folder: folder).refresh(login.refreshToken, at: time(10))
    let again = try await TestHouse(folder: folder).refresh(login.refreshToken, at: time(20))
    assertIsRefreshed(again)
    XCTAssertEqual(again.refreshToken, first.refreshToken)
    let late = try await TestHouse(folder: folder).refresh(login.refreshToken, at: time(40))
    assert(late, isForbidden: "Refresh token is wrong")
  }

  func testF26_aTokenThatIsNewerThanARestoredBackupIsReuseAndSignInWorks() async throws {
    try TestStore.requireFiles()
    let house = try await TestHouse(folder: "\(folder)/house")
    try house.addUser("alice")
    let login = await house.login("alice")
    try FileManager.default.copyItem(atPath: "\(folder)/house", toPath: "\(folder)/backup")
    let newer = await house.refresh(login.refreshToken, at: time(10))
    let restored = try await TestHouse(folder: "\(folder)/backup")
    assert(
      await restored.refresh(newer.refreshToken, at: time(20)),
      isForbidden: "Refresh token is wrong")
    assert(
      await restored.refresh(login.refreshToken, at: time(20)),
      isForbidden: "There is no refresh token for the user")
    let again = await restored.login("alice", at: time(30))
    assertIsRefreshed(await restored.refresh(again.refreshToken, at: time(40)))
  }

  func testE5_reuseEndsThatSessionAndNoOther() async throws {
    let house = try await house()
    let other = await house.login("alice")
    let login = await house.login("alice")
    let current = await house.refresh(login.refreshToken, at: time(10))
    assert(
      await house.refresh(login.refreshToken, at: time(40)), isForbidden: "Refresh token is wrong")
    for token in [current.refreshToken, login.refreshToken] {
      assert(await house.refresh(token, at: time(41)), isForbidden: "Refresh token is wrong")
    }
    assertIsRefreshed(await house.refresh(other.refreshToken, at: time(41)))
  }

  func testE5_afterReuseOfTheOnlySessionThereIsNoneLeft() async throws {
    let house = try await house()
    let login = await house.login("alice")
    let current = await house.refresh(login.refreshToken, at: time(10))
    assert(
      await house.refresh(login.refreshToken, at: time(40)), isForbidden: "Refresh token is wrong")
    for token in [current.refreshToken, login.refreshToken] {
      assert(
        await house.refresh(token, at: time(41)),
        isForbidden: "There is no refresh token for the user")
    }
    let again = await house.login("alice", at: time(42))
    assertIsRefreshed(await house.refresh(again.refreshToken, at: time(43)))
    assert(
      await house.refresh(current.refreshToken, at: time(43)), isForbidden: "Refresh token is wrong"
    )
  }

  func testE14_tokenNeverOutlivesTheSession() async throws {
    let house = try await house()
    let day: TimeInterval = 86_400
    var token = await house.login("alice").refreshToken
    for days in [29.0, 58, 87] {
      token = await house.refresh(token, at: time(days * day)).refreshToken
    }
    let claims = try house.tokens.verifyRefreshToken(token, at: time(87 * day))
    XCTAssertEqual(claims.exp, 1_800_000_000 + 90 * 86_400)
    let last = await house.refresh(token, at: time(90 * day - 1))
    assertIsRefreshed(last)
    for token in [token, last.refreshToken] {
      assert(await house.refresh(token, at: time(90 * day)), isForbidden: "jwt expired")
    }
  }

  func testV5_anotherUsersSessionIsUntouched() async throws {
    let house = try await house()
    try house.addUser("bob")
    let bob = await house.login("bob")
    let login = await house.login("alice")
    _ = await house.refresh(login.refreshToken, at: time(10))
    _ = await house.refresh(login.refreshToken, at: time(100))
    assertIsRefreshed(await house.refresh(bob.refreshToken, at: time(101)))
  }
}
