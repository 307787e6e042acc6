import Accounts
import DocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import Tokens
import XCTest

final class SignInTests: LoginTestCase {
  func testAnswerHasTheUserAndBothTokensAndNothingElse() async throws {
    let house = try await house()
    let user = try XCTUnwrap(house.users.all().users.first)
    let response = await house.login("alice")
    XCTAssertEqual(response.status, .ok)
    XCTAssertEqual(response.headers[.contentType], "application/json")
    XCTAssertEqual(response.headers[.cacheControl], "no-store")
    XCTAssertEqual(
      response.json as NSDictionary,
      [
        "user": [
          "id": user.id, "username": "alice", "email": "alice@example.com", "first_name": "",
          "last_name": "", "gender": "", "phone": "", "city": "",
        ],
        "accessToken": response.accessToken, "refreshToken": response.refreshToken,
        "expiresIn": 900,
      ])
  }

  func testTokensAreGoodAndNameTheUserAndOneSession() async throws {
    let house = try await house()
    let response = await house.login("alice")
    let access = try house.tokens.verifyAccessToken(response.accessToken, at: TestHouse.now)
    let refresh = try house.tokens.verifyRefreshToken(response.refreshToken, at: TestHouse.now)
    let user = try XCTUnwrap(house.users.all().users.first)
    XCTAssertEqual(access.sub, user.id)
    XCTAssertEqual(access.user, .init(id: user.id, email: "alice@example.com", username: "alice"))
    XCTAssertEqual(refresh.sub, user.id)
    XCTAssertEqual(access.sid, refresh.sid)
    let sessions = try XCTUnwrap(house.documents.read(UserSessions.self, user.id)).sessions
    XCTAssertEqual(sessions.map(\.id), [refresh.sid])
    XCTAssertEqual(sessions.first?.current.id, refresh.jti)
    XCTAssertEqual(refresh.exp, 1_800_000_000 + 30 * 86_400)
  }

  func testSessionKnowsItsDevice() async throws {
    let house = try await house()
    var request = Request.make(
      .post, "/login", json: ["username": "alice", "password": TestHouse.password],
      from: "203.0.113.9")
    request.headers[.userAgent] = "Browser/1"
    _ = await house.router.respond(to: request)
    let id = try XCTUnwrap(house.users.all().users.first).id
    let session = try XCTUnwrap(house.documents.read(UserSessions.self, id)?.sessions.first)
    XCTAssertEqual(session.userAgent, "Browser/1")
    XCTAssertEqual(session.address, "203.0.113.9")
    XCTAssertEqual(session.createdAt, TestHouse.now)
  }

  func testJ14_everySignInHasASessionOfItsOwnWhateverTheClientSends() async throws {
    let house = try await house()
    let first = try house.tokens.verifyRefreshToken(
      await house.login("alice").refreshToken, at: TestHouse.now)
    let response = await post(
      """
      {"username":"alice","password":"\(TestHouse.password)","sid":"\(first.sid)",
       "session":"\(first.sid)","sessionId":"x","jti":"\(first.jti)","user":{"id":"0"},"id":7}
      """, to: house)
    XCTAssertEqual(response.status, .ok)
    let second = try house.tokens.verifyRefreshToken(response.refreshToken, at: TestHouse.now)
    XCTAssertNotEqual(second.sid, first.sid)
    XCTAssertNotEqual(second.sid, "x")
    XCTAssertNotEqual(second.jti, first.jti)
  }

  func testSixthSignInResetsAllSessions() async throws {
    let house = try await house()
    var tokens: [String] = []
    for _ in 0..<6 { tokens.append(await house.login("alice").refreshToken) }
    for token in tokens.dropLast() {
      let response = await house.refresh(token)
      XCTAssertEqual(response.text, "Refresh token is wrong")
    }
    let last = await house.refresh(tokens[5])
    XCTAssertEqual(last.status, .ok)
  }

  func testFormIsReadAsJSONIs() async throws {
    let house = try await house()
    let form = "application/x-www-form-urlencoded"
    for body in [
      "username=alice&password=correct+horse", "password=correct%20horse&username=Alice",
    ] {
      let response = await post(body, as: form, to: house)
      XCTAssertEqual(response.status, .ok, body)
      XCTAssertNotEqual(response.refreshToken, "")
    }
    assert(await post("username=alice&password=", as: form, to: house), is: 400, Self.invalid)
    assert(await post("username=alice&password=x", as: form, to: house), is: 400, Self.wrong)
  }

  func testJ8_nameAndPasswordMayBeTypedOnAnyKeyboard() async throws {
    let house = try await house()
    let name = try XCTUnwrap(Username("\u{e9}mile"))
    let password = try XCTUnwrap(Password("caf\u{e9}"))
    _ = try house.users.add(
      name, profile: .init(email: "e@example.com"), passwordHash: house.passwords.hash(password))
    let response = await post(
      #"{"username":"E\u0301mile","password":"cafe\u0301"}"#, to: house)
    XCTAssertEqual(response.status, .ok)
    assert(
      await post(#"{"username":"\u0430lice","password":"correct horse"}"#, to: house), is: 400,
      Self.wrong)
  }

  func testHashOfAnotherCostIsReplacedAtSignIn() async throws {
    let house = try await house()
    let dear = try PasswordHasher(cost: .init(passes: 2, memory: 16 << 10), concurrency: 1)
    let password = try XCTUnwrap(Password(TestHouse.password))
    let old = try dear.hash(password)
    try house.documents.update(User.self, "alice") { $0?.passwordHash = old }
    assert(
      await post(#"{"username":"alice","password":"x"}"#, to: house), is: 400, Self.wrong)
    XCTAssertEqual(try house.users.all().users.first?.passwordHash, old)

    let first = await house.login("alice")
    XCTAssertEqual(first.status, .ok)
    let new = try XCTUnwrap(house.users.all().users.first?.passwordHash)
    XCTAssertTrue(new.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
    XCTAssertEqual(try house.passwords.verify(password, against: new), .right)
    _ = await house.login("alice")
    XCTAssertEqual(try house.users.all().users.first?.passwordHash, new)
  }
}
