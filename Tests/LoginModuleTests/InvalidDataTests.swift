import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

final class InvalidDataTests: LoginTestCase {
  func testEitherFieldMissingOrEmpty() async throws {
    let house = try await house()
    for body in [
      "{}", #"{"username":"alice"}"#, #"{"password":"x"}"#, #"{"username":"","password":"x"}"#,
      #"{"username":"alice","password":""}"#, #"{"username":"","password":""}"#,
      #"{"Username":"alice","Password":"x"}"#, "",
    ] {
      assert(await post(body, to: house), is: 400, Self.invalid, body)
    }
  }

  func testB8_anythingButAString() async throws {
    let house = try await house()
    let values = [
      "1", "0", "-0", "1.5", "1e999", "9223372036854775808", "true", "[]", "{}", "null",
    ]
    for value in values + [#"["alice"]"#, #"{"a":"b"}"#] {
      for body in [
        #"{"username":\#(value),"password":"correct horse"}"#,
        #"{"username":"alice","password":\#(value)}"#,
      ] {
        assert(await post(body, to: house), is: 400, Self.invalid, body)
      }
    }
    for value in values where value != "null" {
      let body = #"{"username":"alice","password":"correct horse","fingerprint":\#(value)}"#
      assert(await post(body, to: house), is: 400, Self.invalid, body)
    }
  }

  func testFingerprintOfNullIsNone() async throws {
    let house = try await house()
    let response = await post(
      #"{"username":"alice","password":"correct horse","fingerprint":null}"#, to: house)
    XCTAssertEqual(response.status, .ok)
    let refreshed = await house.refresh(response.refreshToken)
    XCTAssertEqual(refreshed.status, .ok)
  }

  func testB11_bodyThatCannotBeParsed() async throws {
    let house = try await house()
    let good = #"{"username":"alice","password":"correct horse"}"#
    for body in [
      " ", "null", "[]", #""""#, "1", "{", good + good, good + "x", "\u{FEFF}" + good,
      "[\(good)]", #"{"username":"alice","password":"\ud800"}"#,
      String(repeating: "[", count: 16_000), String(repeating: #"{"a":"#, count: 3_000),
      "username=alice&password=correct+horse",
    ] {
      assert(await post(body, to: house), is: 400, Self.invalid, String(body.prefix(60)))
    }
  }

  func testB13_otherContentTypesAreNotRead() async throws {
    let house = try await house()
    let good = #"{"username":"alice","password":"correct horse"}"#
    for type in [
      nil, "", "text/plain", "multipart/form-data", "application/json; charset=utf-16", "json",
    ] as [String?] {
      let response = await post(good, as: type, to: house)
      XCTAssertEqual(response.status.code, 415, type ?? "none")
    }
    for type in ["application/json;charset=UTF-8", "Application/JSON; charset=utf-8"] {
      let response = await post(good, as: type, to: house)
      XCTAssertEqual(response.status.code, 200, type)
    }
  }

  func testJ15_credentialsCountInTheBodyOfAPOSTAlone() async throws {
    let house = try await house()
    var request = Request.make(.get, "/login")
    request.query = "username=alice&password=correct+horse"
    for method in [HTTPRequest.Method.get, .head, .put, .delete, .patch] {
      request.method = method
      let response = await house.router.respond(to: request)
      XCTAssertEqual(response.status.code, 405)
      XCTAssertEqual(response.headers[.allow], "OPTIONS, POST")
    }
    request.method = .post
    request.headers[.contentType] = "application/json"
    assert(await house.router.respond(to: request), is: 400, Self.invalid)
    request.headers[.authorization] = "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ=="
    assert(await house.router.respond(to: request), is: 400, Self.invalid)
    XCTAssertEqual(try house.documents.keys(of: UserSessions.self), [])
  }
}
