import Accounts
import DocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

final class WrongCredentialsTests: LoginTestCase {
  func testJ1_J3_unknownWrongDisabledAndDamagedGetOneAndTheSameAnswer() async throws {
    let house = try await house()
    for name in ["disabled", "damaged"] { try house.addUser(name) }
    try house.documents.update(User.self, "disabled") { $0?.isDisabled = true }
    try house.documents.update(User.self, "damaged") { $0?.passwordHash = TestHouse.password }

    var answers: [Response] = []
    for (name, password) in [
      ("alice", "wrong"), ("nobody", TestHouse.password), ("disabled", TestHouse.password),
      ("disabled", "wrong"), ("damaged", TestHouse.password), ("a b", TestHouse.password),
      (String(repeating: "x", count: 300), "x"), ("../alice", "x"),
      ("alice", String(repeating: "x", count: 1025)),
    ] {
      answers.append(
        await house.router.respond(
          to: .make(.post, "/login", json: ["username": name, "password": password])))
    }
    assert(answers[0], is: 400, Self.wrong)
    for answer in answers {
      XCTAssertEqual(answer.status, answers[0].status)
      XCTAssertEqual(answer.headers, answers[0].headers)
      XCTAssertEqual(answer.body, answers[0].body)
    }
    XCTAssertEqual(try house.documents.keys(of: UserSessions.self), [])
  }

  func testJ6_passwordsOfAnySizeGetAnAnswer() async throws {
    let house = try await house()
    for size in [1, 64, 1024, 1025, 16 << 10] {
      let password = String(repeating: "x", count: size)
      assert(
        await post(#"{"username":"alice","password":"\#(password)"}"#, to: house), is: 400,
        Self.wrong, "\(size)")
    }
  }

  func testJ6_D4_longestPasswordIsOneLikeAnyOther() async throws {
    let house = try await house()
    let text = String(repeating: "x", count: 1024)
    let hash = try house.passwords.hash(XCTUnwrap(Password(text)))
    try house.documents.update(User.self, "alice") { $0?.passwordHash = hash }
    let response = await post(#"{"username":"alice","password":"\#(text)"}"#, to: house)
    XCTAssertEqual(response.status, .ok)
    for other in [text.dropLast() + "y", text + "x"] {
      assert(
        await post(#"{"username":"alice","password":"\#(other)"}"#, to: house), is: 400, Self.wrong)
    }
  }

  func testJ7_blanksAroundThePasswordCount() async throws {
    let house = try await house()
    for password in [" correct horse", "correct horse ", "correct  horse", "Correct horse"] {
      assert(
        await post(#"{"username":"alice","password":"\#(password)"}"#, to: house), is: 400,
        Self.wrong)
    }
  }

  func testB10_NULNeverCutsANameOrAPassword() async throws {
    let house = try await house()
    for body in [
      #"{"username":"alice\u0000","password":"correct horse"}"#,
      #"{"username":"alice\u0000x","password":"correct horse"}"#,
      #"{"username":"alice","password":"correct horse\u0000"}"#,
      #"{"username":"alice","password":"correct horse\u0000x"}"#,
    ] {
      assert(await post(body, to: house), is: 400, Self.wrong, body)
    }
    assert(
      await post("{\"username\":\"alice\0\",\"password\":\"correct horse\"}", to: house), is: 400,
      Self.invalid)
  }

  func testRefusalIsProblemDetailsForWhoeverNamesThem() async throws {
    let house = try await house()
    let cases = [
      (["username": "alice", "password": "x"], Self.wrong, "wrong_credentials"),
      (["username": "alice"], Self.invalid, "bad_request"),
    ]
    for (json, detail, code) in cases {
      let response = await house.router.respond(
        to: .make(
          .post, "/login", json: json,
          headers: [.accept: "text/html, application/problem+json;q=0.9"]))
      XCTAssertEqual(response.status.code, 400)
      XCTAssertEqual(response.headers[.contentType], "application/problem+json")
      XCTAssertEqual(
        response.json as NSDictionary,
        [
          "type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail,
          "code": code,
        ])
    }
  }
}
