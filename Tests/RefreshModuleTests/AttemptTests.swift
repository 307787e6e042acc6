import Foundation
import HandlerKit
import TestSupport
import XCTest

/// `"attempt"`: a refresh that is repeated by whoever asked first.
final class AttemptTests: RefreshTestCase {
  private static let attempt = "aZ09-_aZ09-_aZ09-_aZ09"

  func testP3_theSameAttemptIsAnsweredWithTheCurrentTokenByteForByteUntilTheOldOnesEnd()
    async throws
  {
    let house = try await house()
    let login = await house.login("alice")
    let lost = await house.refresh(login.refreshToken, attempt: Self.attempt, at: time(10))
    assertIsRefreshed(lost)
    for seconds in [11, 41, 3600, 86_400, 30 * 86_400 - 1] as [TimeInterval] {
      let answer = await house.refresh(
        login.refreshToken, attempt: Self.attempt, at: time(seconds))
      assertIsRefreshed(answer)
      XCTAssertEqual(answer.refreshToken, lost.refreshToken, "\(seconds)")
      XCTAssertNotEqual(answer.accessToken, lost.accessToken)
    }
    assert(
      await house.refresh(login.refreshToken, attempt: Self.attempt, at: time(30 * 86_400)),
      isForbidden: "jwt expired")
    assertIsRefreshed(await house.refresh(lost.refreshToken, at: time(30 * 86_400)))
  }

  func testP3_theAttemptIsRememberedOverARestart() async throws {
    let login = try await house().login("alice")
    let lost = try await TestHouse(folder: folder).refresh(
      login.refreshToken, attempt: Self.attempt, at: time(10))
    let answer = try await TestHouse(folder: folder).refresh(
      login.refreshToken, attempt: Self.attempt, at: time(86_400))
    XCTAssertEqual(answer.refreshToken, lost.refreshToken)
  }

  func testP4_withNoAttemptOrAnotherOneItIsReuseAfterTheGrace() async throws {
    let house = try await house()
    for (first, second) in [
      (Self.attempt, nil), (Self.attempt, String(Self.attempt.dropLast())),
      (Self.attempt, Self.attempt.lowercased()), (nil, Self.attempt),
    ] as [(String?, String?)] {
      let login = await house.login("alice")
      let next = await house.refresh(login.refreshToken, attempt: first, at: time(10))
      let within = await house.refresh(login.refreshToken, attempt: second, at: time(39))
      XCTAssertEqual(within.refreshToken, next.refreshToken)
      assert(
        await house.refresh(login.refreshToken, attempt: second, at: time(40)),
        isForbidden: "Refresh token is wrong")
      assert(
        await house.refresh(next.refreshToken, attempt: first, at: time(40)),
        isForbidden: "There is no refresh token for the user")
    }
  }

  func testP4_aMalformedAttemptIsRefusedAndChangesNothing() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    let texts = [
      "", "a", String(repeating: "a", count: 15), String(repeating: "a", count: 65),
      String(repeating: "a", count: 9_000), "aaaaaaaaaaaaaaa=", "aaaaaaaaaaaaaaa+",
      "aaaaaaaaaaaaaaa/", "aaaaaaaa aaaaaaaa", "aaaaaaaaaaaaaaaé", "ａａａａａａａａａａａａａａａａ",
      "aaaaaaaaaaaaaaaa\\n", "aaaaaaaaaaaaaaaa\\u0000",
    ]
    let values =
      texts.map { "\"\($0)\"" } + [
        "1", "1234567890123456", "true", "[]", "{}", "[\"\(Self.attempt)\"]",
      ]
    for value in values {
      let response = await post(#"{"refreshToken":"\#(token)","attempt":\#(value)}"#, to: house)
      XCTAssertEqual(response.status, .badRequest, value)
      XCTAssertEqual(response.text, "Please enter valid data!", value)
    }
    assertIsRefreshed(await post(#"{"refreshToken":"\#(token)","attempt":null}"#, to: house))
  }

  func testP4_sixteenToSixtyFourCharactersAreTaken() async throws {
    let house = try await house()
    var token = await house.login("alice").refreshToken
    for length in [16, 22, 64] {
      let response = await house.refresh(token, attempt: String(repeating: "a", count: length))
      assertIsRefreshed(response)
      token = response.refreshToken
    }
  }

  func testP5_aThiefWhoHasTheOldTokenIsFoundWhereverHeUsesWhatHeGot() async throws {
    let house = try await house()
    for hour in [0.001, 1, 24] {
      let login = await house.login("alice")
      let lost = await house.refresh(login.refreshToken, attempt: Self.attempt, at: time(10))
      let thief = await house.refresh(login.refreshToken, at: time(10 + hour * 3600))
      if hour > 0.01 {
        assert(thief, isForbidden: "Refresh token is wrong")
        continue
      }
      XCTAssertEqual(thief.refreshToken, lost.refreshToken)
      assertIsRefreshed(await house.refresh(thief.refreshToken, at: time(50)))
      assert(
        await house.refresh(login.refreshToken, attempt: Self.attempt, at: time(100)),
        isForbidden: "Refresh token is wrong")
    }
  }

  func testP5_aThiefWhoComesFirstIsFoundByTheOwner() async throws {
    let house = try await house()
    let login = await house.login("alice")
    let thief = await house.refresh(login.refreshToken, at: time(10))
    assertIsRefreshed(thief)
    assert(
      await house.refresh(login.refreshToken, attempt: Self.attempt, at: time(100)),
      isForbidden: "Refresh token is wrong")
    assert(
      await house.refresh(thief.refreshToken, at: time(101)),
      isForbidden: "There is no refresh token for the user")
  }

  func testP6_anAttemptCountsOnlyForTheTokenThatItCameWith() async throws {
    let house = try await house()
    let login = await house.login("alice")
    let second = await house.refresh(login.refreshToken, attempt: Self.attempt, at: time(10))
    let third = await house.refresh(second.refreshToken, attempt: Self.attempt, at: time(20))
    XCTAssertNotEqual(third.refreshToken, second.refreshToken)
    let again = await house.refresh(second.refreshToken, attempt: Self.attempt, at: time(100))
    XCTAssertEqual(again.refreshToken, third.refreshToken)
    assert(
      await house.refresh(login.refreshToken, attempt: Self.attempt, at: time(101)),
      isForbidden: "Refresh token is wrong")
  }
}
