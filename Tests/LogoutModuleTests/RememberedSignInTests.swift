import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

/// How long the cookie lasts, and what a sign-in does to the one that it replaces.
final class RememberedSignInTests: CookieTestCase {
  private static let day = 86_400

  private func time(_ seconds: Int) -> Date {
    TestHouse.now.addingTimeInterval(TimeInterval(seconds))
  }

  private func live(_ username: String, in house: TestHouse) throws -> Int {
    let id = try XCTUnwrap(house.users.all().users.first { $0.username == username }).id
    return try house.sessions.sessions(ofUser: id, at: TestHouse.now).count
  }

  func testP14_theCookieLastsToItsTokensEnd() async throws {
    let (house, first) = try await signedIn()
    let second = try token(
      await post(house, "/refresh-token", cookie: first, at: time(20 * Self.day)))
    // The same token again, ten seconds older.
    let again = await post(
      house, "/refresh-token", cookie: first, at: time(20 * Self.day + 10))
    XCTAssertEqual(try token(again, maxAge: 30 * Self.day - 10), second)
    var last = second
    for day in [45, 70] {
      last = try token(
        await post(house, "/refresh-token", cookie: last, at: time(day * Self.day)),
        maxAge: min(30, 90 - day) * Self.day)
    }
  }

  func testP14_aReplayByAttemptGivesTheTimeThatTheTokenHasLeft() async throws {
    let (house, first) = try await signedIn()
    let json = ["attempt": "0123456789abcdef"]
    let second = try token(await post(house, "/refresh-token", json, cookie: first))
    let late = await post(house, "/refresh-token", json, cookie: first, at: time(10 * Self.day))
    XCTAssertEqual(try token(late, maxAge: 20 * Self.day), second)
  }

  func testP14_unrememberedTheCookieEndsWithTheBrowserAfterEachRefresh() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    for remember in [false, "false"] as [Any] {
      var current = try token(await logIn(house, remember: remember), maxAge: nil)
      for _ in 0..<3 {
        let parent = current
        current = try token(await post(house, "/refresh-token", cookie: parent), maxAge: nil)
        let replay = await post(house, "/refresh-token", cookie: parent)
        XCTAssertEqual(try token(replay, maxAge: nil), current)
      }
      let out = await post(house, "/logout", cookie: current)
      XCTAssertTrue(try XCTUnwrap(out.headers[.setCookie]).hasSuffix("; Max-Age=0"))
    }
    for remember in [true, "true", NSNull()] as [Any] {
      _ = try token(await logIn(house, remember: remember))
    }
  }

  func testB8_anotherRememberIsRefused() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    for value in ["", "no", "False", 0, 1, [false], [String: String]()] as [Any] {
      let response = await logIn(house, remember: value)
      XCTAssertEqual(response.status, .badRequest, "\(value)")
      XCTAssertEqual(response.text, "Please enter valid data!")
    }
    XCTAssertEqual(try live("alice", in: house), 0)
  }

  func testP14_aSessionOfAnEarlierVersionIsRemembered() async throws {
    let (house, first) = try await signedIn()
    let files = try files().filter { $0.hasPrefix("tokens/") && $0.hasSuffix(".json") }
    let text = try String(contentsOfFile: "\(folder)/\(XCTUnwrap(files.first))", encoding: .utf8)
    XCTAssertFalse(text.contains("endsWithBrowser"))
    _ = try token(await post(house, "/refresh-token", cookie: first))
  }

  func testP14_aSignInEndsTheSessionOfTheCookieThatItReplaces() async throws {
    var (house, cookie) = try await signedIn()
    let other = try token(await logIn(house))
    for _ in 0..<10 {
      let old = cookie
      cookie = try token(await logIn(house, cookie: old))
      XCTAssertEqual(try live("alice", in: house), 2)
      let refused = await post(house, "/refresh-token", cookie: old)
      XCTAssertEqual(refused.text, "Refresh token is wrong")
    }
    for token in [cookie, other] {
      let response = await post(house, "/refresh-token", cookie: token)
      XCTAssertEqual(response.status, .ok)
    }
  }

  func testP14_theReplacedSessionIsNotCountedForTheLimit() async throws {
    for whenFull in SessionPolicy.WhenFull.allCases {
      let house = try await TestHouse(
        folder: "\(folder)/\(whenFull)", policy: SessionPolicy(limit: 2, whenFull: whenFull))
      try house.addUser("alice")
      let first = try token(await logIn(house))
      let second = try token(await logIn(house))
      _ = try token(await logIn(house, cookie: second))
      let response = await post(house, "/refresh-token", cookie: first)
      XCTAssertEqual(response.status, .ok, "\(whenFull)")
    }
  }

  func testP14_aTokenOfTheCookieThatWasReplacedOrHasExpiredNamesItsSessionToo() async throws {
    let (house, first) = try await signedIn()
    _ = try token(await post(house, "/refresh-token", cookie: first))
    _ = try token(await logIn(house, cookie: first))
    XCTAssertEqual(try live("alice", in: house), 1)
    let response = await logIn(house, cookie: first, at: time(40 * Self.day))
    XCTAssertEqual(response.status, .ok)
  }

  func testP14_anotherUsersSessionInTheSameBrowserEndsToo() async throws {
    let (house, alice) = try await signedIn()
    try house.addUser("bob")
    _ = try token(await logIn(house, "bob", cookie: alice))
    XCTAssertEqual(try live("alice", in: house), 0)
    XCTAssertEqual(try live("bob", in: house), 1)
  }

  func testP14_aFailedSignInEndsNothing() async throws {
    let (house, cookie) = try await signedIn()
    let wrong = await post(
      house, "/login", ["username": "alice", "password": "wrong", "session": "cookie"],
      cookie: cookie)
    XCTAssertEqual(wrong.status, .badRequest)
    XCTAssertEqual(try live("alice", in: house), 1)
  }

  func testP14_aSignInThatLeavesTheCookieAloneLeavesItsSessionAlone() async throws {
    let (house, cookie) = try await signedIn()
    let json = ["username": "alice", "password": TestHouse.password]
    let response = await post(house, "/login", json, cookie: cookie)
    XCTAssertEqual(response.status, .ok)
    XCTAssertEqual(try live("alice", in: house), 2)
  }

  func testL2_aCookieThatIsNotOfThisSitesOwnPageEndsNothing() async throws {
    let (house, cookie) = try await signedIn()
    var headers = Self.own
    headers[.cookie] = "__Host-refresh=\(cookie)x"
    _ = try token(await logIn(house, headers: headers))
    headers[.cookie] = "__Host-refresh=\(cookie)"
    headers[.origin] = "https://evil.example"
    let foreign = await logIn(house, headers: headers)
    XCTAssertEqual(foreign.status, .forbidden)
    XCTAssertEqual(try live("alice", in: house), 2)
  }
}
