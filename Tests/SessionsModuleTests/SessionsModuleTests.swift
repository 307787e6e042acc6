import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

final class SessionsModuleTests: TemporaryFolderTestCase {
  private func list(_ house: TestHouse, _ access: String) async throws -> [[String: Any]] {
    let response = await house.router.respond(to: .make(.get, "/sessions", bearer: access))
    XCTAssertEqual(response.status, .ok)
    let json = try JSONSerialization.jsonObject(with: Data(response.body))
    return try XCTUnwrap(json as? [[String: Any]])
  }

  private func delete(_ house: TestHouse, _ path: String, _ access: String) async -> Response {
    await house.router.respond(to: .make(.delete, path, bearer: access))
  }

  private func ids(_ house: TestHouse, _ access: String) async throws -> [String] {
    try await list(house, access).compactMap { $0["id"] as? String }
  }

  func testListsTheCallersSessionsAndMarksTheOneThatAsks() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    try house.addUser("bob")
    _ = await house.login("bob")
    _ = await house.login("alice")
    let access = await house.login("alice").accessToken
    let sessions = try await list(house, access)
    XCTAssertEqual(sessions.map { $0["current"] as? Bool }, [false, true])
    XCTAssertEqual(
      Set(sessions[0].keys),
      ["id", "current", "createdAt", "lastUsedAt", "expiresAt", "userAgent", "address"])
    XCTAssertEqual(sessions[0]["createdAt"] as? String, "2027-01-15T08:00:00Z")
    XCTAssertEqual(sessions[0]["expiresAt"] as? String, "2027-02-14T08:00:00Z")
    XCTAssertEqual(sessions[0]["address"] as? String, "192.0.2.1")
  }

  func testEndsOne() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let first = await house.login("alice")
    let access = await house.login("alice").accessToken
    let id = try await ids(house, access)[0]
    let response = await delete(house, "/sessions/\(id)", access)
    XCTAssertEqual(response.status, .noContent)
    let refresh = await house.refresh(first.refreshToken)
    XCTAssertEqual(refresh.text, "Refresh token is wrong")
    let left = try await ids(house, access)
    XCTAssertEqual(left.count, 1)
  }

  func testK1_AnothersSessionIsAsUnknownAsNone() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    try house.addUser("bob")
    let alice = await house.login("alice").accessToken
    let bob = await house.login("bob")
    let bobs = try await ids(house, bob.accessToken)[0]
    for id in [bobs, "nobody", "-1", "..%2f..", String(repeating: "9", count: 5000)] {
      let response = await delete(house, "/sessions/\(id)", alice)
      XCTAssertEqual(response.status, .notFound)
    }
    let refresh = await house.refresh(bob.refreshToken)
    XCTAssertEqual(refresh.status, .ok)
  }

  func testK5_whateverStandsForAnIdEndsNothing() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let access = await house.login("alice").accessToken
    let own = try await ids(house, access)[0]
    let names = [
      own.uppercased(), own + "%00", own + "%00x", "%00", own + "x", String(own.dropLast()),
      "%2e%2e",
      "..%2f..%2fusers%2falice", "0", "-1", "1e9", "NaN", "9223372036854775808",
      String(repeating: "9", count: 100_000), String(repeating: "%2e%2e%2f", count: 1_000), "%ff",
      "%", "%zz", "é", "*", "{id}", own + "/" + own, "",
    ]
    for name in names {
      let response = await delete(house, "/sessions/\(name)", access)
      XCTAssertTrue(
        [400, 404].contains(response.status.code), "\(response.status) \(name.prefix(50))")
    }
    let left = try await ids(house, access)
    XCTAssertEqual(left, [own])
  }

  /// As many as the setting allows, each with the longest that browsers say of themselves.
  func testK7_theListIsAsLongAsTheLimitOfSessionsAtMost() async throws {
    let house = try await TestHouse(
      folder: folder, policy: SessionPolicy(limit: 100, whenFull: .evictOldest))
    try house.addUser("alice")
    var access = ""
    for _ in 0..<130 {
      access = await house.router.respond(
        to: .make(
          .post, "/login", json: ["username": "alice", "password": TestHouse.password],
          headers: [.userAgent: String(repeating: "\"", count: 8_000)])
      ).accessToken
    }
    for query in ["", "page=-1", "page=1e9&limit=NaN", "limit=100000&offset=-5"] {
      let response = await house.router.respond(
        to: .make(.get, "/sessions", query: query, bearer: access))
      XCTAssertEqual(response.status, .ok)
      let list = try JSONSerialization.jsonObject(with: Data(response.body)) as? [Any]
      XCTAssertEqual(list?.count, 100, query)
      XCTAssertLessThan(response.body.count, 1 << 19)
    }
  }

  func testK2_OnesOwnCanBeEndedOnce() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let login = await house.login("alice")
    let id = try await ids(house, login.accessToken)[0]
    let first = await delete(house, "/sessions/\(id)", login.accessToken)
    XCTAssertEqual(first.status, .noContent)
    let second = await delete(house, "/sessions/\(id)", login.accessToken)
    XCTAssertEqual(second.status, .unauthorized)
    let refresh = await house.refresh(login.refreshToken)
    XCTAssertEqual(refresh.status, .forbidden)
  }

  func testEndsAllButTheOneThatAsks() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let others = [await house.login("alice"), await house.login("alice")]
    let own = await house.login("alice")
    let response = await delete(house, "/sessions", own.accessToken)
    XCTAssertEqual(response.status, .noContent)
    for other in others {
      let refresh = await house.refresh(other.refreshToken)
      XCTAssertEqual(refresh.status, .forbidden)
    }
    let refresh = await house.refresh(own.refreshToken)
    XCTAssertEqual(refresh.status, .ok)
  }

  /// Its access token lives on for minutes: in the hands of a thief it would end the owner's.
  func testP2_anEndedSessionEndsNoOther() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let ended = await house.login("alice")
    let owner = await house.login("alice")
    let ids = try await ids(house, owner.accessToken)
    let end = await delete(house, "/sessions/\(ids[0])", owner.accessToken)
    XCTAssertEqual(end.status, .noContent)
    let before = try Data(contentsOf: XCTUnwrap(documentURLs("tokens").first))
    for path in ["/sessions", "/sessions/\(ids[1])", "/sessions/\(ids[0])", "/sessions/none"] {
      let response = await delete(house, path, ended.accessToken)
      XCTAssertEqual(response.status, .unauthorized, path)
      XCTAssertEqual(response.text, "Token is invalid")
    }
    XCTAssertEqual(try Data(contentsOf: XCTUnwrap(documentURLs("tokens").first)), before)
    let refresh = await house.refresh(owner.refreshToken)
    XCTAssertEqual(refresh.status, .ok)
  }

  private func documentURLs(_ collection: String) throws -> [URL] {
    try files().filter {
      $0.hasPrefix("\(collection)/") && $0.hasSuffix(".json") && !$0.contains("/.")
    }
    .map { URL(fileURLWithPath: "\(folder)/\($0)") }
  }

  func testWithoutATokenNothingIsShownOrEnded() async throws {
    let house = try await TestHouse(folder: folder)
    for (method, path) in [
      (HTTPRequest.Method.get, "/sessions"), (.delete, "/sessions"), (.delete, "/sessions/x"),
    ] {
      let response = await house.router.respond(to: .make(method, path))
      XCTAssertEqual(response.status, .unauthorized)
    }
  }
}
