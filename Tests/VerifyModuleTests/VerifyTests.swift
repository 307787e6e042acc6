import Accounts
import DocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import PosternTesting
import TestSupport
import XCTest

/// What is the same however somebody proves who they are.
final class VerifyTests: VerifyTestCase {
  func testTheApplicationIsToldWhoItIsByTokenAsByCookie() async throws {
    let house = try await house()
    let session = await house.login("alice")
    let user = try XCTUnwrap(house.users.user(named: XCTUnwrap(Username("alice"))))
    let id = try XCTUnwrap(house.sessions.sessions(ofUser: user.id, at: TestHouse.now).first).id
    for method: HTTPRequest.Method in [.get, .head] {
      for response in [
        try await verify(house, bearer: session.accessToken, method: method),
        try await verify(house, cookie: session.refreshToken, method: method),
      ] {
        assertAdmitted(response)
        XCTAssertEqual(response["X-Auth-User-Id"], user.id)
        XCTAssertEqual(response["X-Auth-Email"], "alice@example.com")
        XCTAssertEqual(response["X-Auth-Groups"], "ops,web")
        XCTAssertEqual(response["X-Auth-Session-Id"], id)
        XCTAssertEqual(response.body, [])
      }
    }
  }

  func testA24_whatIsNoVisibleASCIIIsPercentEncoded() async throws {
    let house = try await house()
    try house.addUser("josé%,")
    try house.documents.update(User.self, "josé%,") {
      $0?.profile.email = "a b@é\r\nX-Auth-Groups: ops\u{7f}"
    }
    let session = await house.login("josé%,")
    let response = try await verify(house, cookie: session.refreshToken)
    assertAdmitted(response, "jos%C3%A9%25,")
    XCTAssertEqual(
      response["X-Auth-Email"], "a%20b@%C3%A9%0D%0AX-Auth-Groups:%20ops%7F")
    XCTAssertEqual(response["X-Auth-Groups"], "")
  }

  func testWithoutCredentialsTheChallengeIsBare() async throws {
    let house = try await house()
    for headers: HTTPFields in [
      [:], [.authorization: ""], [.authorization: "Basic YTpi"], [.authorization: "bear x"],
      [.cookie: ""], [.cookie: "__Host-refresh="], [.cookie: "refresh=x; __host-refresh=y"],
    ] {
      let response = try await verify(house, headers: headers)
      assertRefused(response, "missing_token")
      XCTAssertEqual(response.headers[.wwwAuthenticate], "Bearer")
    }
  }

  func testP1_whoeverHasSignedOutIsRefusedByTokenAsByCookie() async throws {
    let house = try await house()
    let session = await house.login("alice")
    _ = await house.router.respond(
      to: .make(.post, "/logout", json: ["refreshToken": session.refreshToken]))
    assertRefused(try await verify(house, bearer: session.accessToken))
    assertRefused(try await verify(house, cookie: session.refreshToken))
  }

  func testP1_aUserWhoIsDisabledOrGoneIsRefusedByTokenAsByCookie() async throws {
    let house = try await house()
    let session = await house.login("alice")
    try house.documents.update(User.self, "alice") { $0?.isDisabled = true }
    assertRefused(try await verify(house, bearer: session.accessToken))
    assertRefused(try await verify(house, cookie: session.refreshToken))
    try house.documents.update(User.self, "alice") { $0 = nil }
    try house.addUser("alice")
    assertRefused(try await verify(house, bearer: session.accessToken))
    assertRefused(try await verify(house, cookie: session.refreshToken))
  }

  func testP1_sessionOfAnEarlierPasswordIsRefusedThoughNobodyHasEndedIt() async throws {
    let house = try await house()
    let session = await house.login("alice")
    try house.documents.update(User.self, "alice") { $0?.passwordGeneration += 1 }
    assertRefused(try await verify(house, bearer: session.accessToken))
    assertRefused(try await verify(house, cookie: session.refreshToken))
  }

  func testP1_sessionsAreCheckedThoughOnlyWritesAreElsewhere() async throws {
    let service = try await TestService(settings: ["sessions.check": "writes"])
    let token = try await service.signedIn(as: "alice")
    let other = try await service.signedIn(as: "alice")
    _ = await service.respond(to: .make(.delete, "/sessions", bearer: other))
    let jobs = await service.respond(to: .make(.get, "/job-list", bearer: token))
    XCTAssertEqual(jobs.status, .ok)
    assertRefused(await service.respond(to: .make(.get, "/verify", bearer: token)))
  }

  func testP12_whatCannotBeCheckedIsNotAdmitted() async throws {
    try TestStore.requireFiles()
    let house = try await house()
    let session = await house.login("alice")
    for collection in ["users", "tokens"] {
      let files = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(collection)")
        .filter { $0.hasSuffix(".json") }
        .map { URL(fileURLWithPath: "\(folder)/\(collection)/\($0)") }
      XCTAssertFalse(files.isEmpty)
      let whole = try files.map { try Data(contentsOf: $0) }
      for (file, data) in zip(files, whole) { try data.dropLast(3).write(to: file) }
      for response in [
        try await verify(house, bearer: session.accessToken),
        try await verify(house, cookie: session.refreshToken),
      ] { XCTAssertEqual(response.status, .serviceUnavailable, collection) }
      for (file, data) in zip(files, whole) { try data.write(to: file) }
    }
    assertAdmitted(try await verify(house, cookie: session.refreshToken))
  }

  func testOtherMethodsAreNotAllowed() async throws {
    let house = try await house()
    for method: HTTPRequest.Method in [.post, .put, .delete] {
      let response = await house.router.respond(to: .make(method, "/verify"))
      XCTAssertEqual(response.status, .methodNotAllowed)
    }
  }

  func testP8_whatElseTheApplicationsRequestHasChangesNothing() async throws {
    let house = try await house()
    let session = await house.login("alice")
    var headers: HTTPFields = [
      .range: "bytes=0-99", .upgrade: "websocket", .connection: "Upgrade",
      .contentType: "multipart/form-data; boundary=x", .contentEncoding: "gzip",
      .origin: "https://app.example.com", .ifNoneMatch: "*", .expect: "100-continue",
    ]
    headers[try XCTUnwrap(HTTPField.Name("X-Original-URI"))] = String(repeating: "/x", count: 4096)
    headers[try XCTUnwrap(HTTPField.Name("X-Auth-User-Id"))] = "somebody"
    let response = try await verify(house, cookie: session.refreshToken, headers: headers)
    assertAdmitted(response)
    XCTAssertNotEqual(response["X-Auth-User-Id"], "somebody")
    assertRefused(try await verify(house, headers: headers), "missing_token")
  }
}
