import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import Logging
import MemoryDocumentStore
import PosternTesting
import SecurityEvents
import Sessions
import XCTest

@testable import Postern

/// Each event of the modules, provoked, with the fields that Docs/events.md says it has.
final class SecurityEventTests: XCTestCase {
  private let log = CapturedLog()
  private var service: TestService?

  private func start(_ settings: [String: SettingValue] = [:]) async throws {
    let service = try await TestService(
      modules: standardModules, configuration: TestService.configuration(standardModules, settings),
      documents: MemoryDocumentStore(), passwords: TestService.cheapHasher(), logger: log.logger)
    for name in ["alice", "bob"] { try service.addUser(name) }
    self.service = service
  }

  @discardableResult
  private func ask(_ request: Request) async throws -> Response {
    try await XCTUnwrap(service).respond(to: request)
  }

  @discardableResult
  private func signIn(
    _ name: String = "alice", _ password: String = TestService.password,
    _ more: [String: Any] = [:], cookie: String? = nil
  ) async throws -> Response {
    var headers: HTTPFields = [
      HTTPField.Name("Host")!: "app.example", .origin: "https://app.example",
    ]
    headers[.cookie] = cookie.map { "__Host-refresh=\($0)" }
    return try await ask(
      .make(
        .post, "/login",
        json: ["username": name, "password": password].merging(more) { $1 }, headers: headers))
  }

  @discardableResult
  private func refresh(
    _ token: Any?, fingerprint: String? = nil, after seconds: TimeInterval = 0
  ) async throws -> Response {
    var json: [String: Any] = ["refreshToken": token ?? ""]
    json["fingerprint"] = fingerprint
    return try await ask(
      .make(
        .post, "/refresh-token", json: json, at: TestService.now.addingTimeInterval(seconds)))
  }

  /// The fields of all events of this name so far, each checked against the table.
  private func events(
    _ event: SecurityEvent, file: StaticString = #filePath, line: UInt = #line
  ) throws -> [[String: String]] {
    let known = try XCTUnwrap(Self.fields()[event.rawValue], file: file, line: line)
    return log.fields.filter { $0["event"].map { "\($0)" } == event.rawValue }.map { fields in
      let names = Set(fields.keys).subtracting(["event"])
      XCTAssertTrue(names.isSubset(of: known), "\(event): \(names)", file: file, line: line)
      return fields.mapValues { "\($0)" }
    }
  }

  /// By the name of the event, from Docs/events.md.
  private static func fields() throws -> [String: Set<String>] {
    Dictionary(
      uniqueKeysWithValues: try documentedRows("events.md").map { row in
        (row[0], Set(row[2].components(separatedBy: ", ")))
      })
  }

  func testSignIns() async throws {
    try await start(["throttle.enabled": true])
    try await signIn()
    try await signIn("alice", "canary wrong")
    try await signIn("canary", "canary wrong")
    let good = try events(.loginSucceeded)
    XCTAssertEqual(good.count, 1)
    XCTAssertEqual(Set(good[0].keys), ["event", "address", "request", "session", "user"])
    let failed = try events(.loginFailed)
    XCTAssertEqual(failed.map { $0["user"] }, [good[0]["user"], nil])
    XCTAssertEqual(failed.map { $0["address"] }, ["192.0.2.1", "192.0.2.1"])
    XCTAssertEqual(log.lines.filter { $0.hasPrefix("notice sign-in refused address=") }.count, 2)
    for _ in 0..<20 { try await signIn("alice", "canary wrong") }
    XCTAssertGreaterThan(try events(.loginThrottled).count, 0)
    XCTAssertFalse(log.lines.contains { $0.contains("canary") })
  }

  func testRefreshes() async throws {
    try await start()
    let first = try await signIn().json["refreshToken"]
    try await refresh(first)
    XCTAssertEqual(try events(.refreshRotated).count, 1)
    XCTAssertEqual(try events(.refreshReplayed).count, 0)
    try await refresh(first, after: 1)
    XCTAssertEqual(try events(.refreshReplayed).count, 1)
    try await refresh(first, after: 60)
    let reused = try events(.refreshReused)
    XCTAssertEqual(reused.count, 1)
    XCTAssertEqual(Set(reused[0].keys), ["event", "address", "request", "session", "user"])
    XCTAssertEqual(try events(.sessionEnded).map { $0["reason"] }, ["reuse"])
    try await refresh(first, after: 61)
    try await refresh("canary.canary.canary")
    XCTAssertEqual(
      try events(.refreshRefused).map { $0["reason"] }, ["no_session", "jwt_malformed"])
    let marked = try await signIn(more: ["fingerprint": "canary"]).json["refreshToken"]
    try await refresh(marked, fingerprint: "other")
    XCTAssertEqual(try events(.refreshFingerprint).count, 1)
    XCTAssertEqual(try events(.refreshRotated).count, 1)
    XCTAssertFalse(log.lines.contains { $0.contains("canary") })
  }

  private func signIn(more: [String: Any]) async throws -> Response {
    try await signIn("alice", TestService.password, more)
  }

  func testEndsOfSessions() async throws {
    try await start(["sessions.limit": 2, "sessions.whenFull": "evict-oldest"])
    let first = try await signIn()
    let second = try await signIn()
    try await signIn()
    let sessions = try events(.loginSucceeded).compactMap { $0["session"] }
    var ended = try events(.sessionEnded)
    XCTAssertEqual(ended.map { $0["session"] }, [sessions[0]])
    XCTAssertEqual(ended.map { $0["reason"] }, ["limit"])

    // One that has ended already is not ended again.
    for token in [first, second] {
      try await ask(.make(.post, "/logout", json: ["refreshToken": token.json["refreshToken"]!]))
    }
    ended = try events(.sessionEnded)
    XCTAssertEqual(ended.map { $0["reason"] }, ["limit", "sign-out"])
    XCTAssertEqual(ended[1]["session"], sessions[1])

    let other = try await signIn()
    let bearer = try XCTUnwrap(other.json["accessToken"] as? String)
    try await ask(.make(.delete, "/sessions/\(sessions[2])", bearer: bearer))
    try await ask(.make(.delete, "/sessions/canary", bearer: bearer))
    try await ask(.make(.delete, "/sessions", bearer: bearer))
    ended = Array(try events(.sessionEnded).dropFirst(2))
    XCTAssertEqual(ended.map { $0["reason"] }, ["user", "user"])
    XCTAssertEqual(ended.map { $0["session"] }, [sessions[2], nil])
    let own = try events(.loginSucceeded)[3]["session"]
    XCTAssertEqual(ended.map { $0["kept"] }, [nil, own])

    let cookie = try await signIn("bob", TestService.password, ["session": "cookie"])
    let value = try XCTUnwrap(
      cookie.headers[values: .setCookie].first { $0.hasPrefix("__Host-refresh=") }?
        .split(separator: ";").first?.dropFirst("__Host-refresh=".count))
    try await signIn("bob", TestService.password, ["session": "cookie"], cookie: String(value))
    XCTAssertEqual(try events(.sessionEnded).last?["reason"], "replaced")
    XCTAssertFalse(log.lines.contains { $0.contains("canary") })
  }

  func testPasswords() async throws {
    try await start()
    let services = try XCTUnwrap(service).services
    let signedIn = try await signIn()
    let bearer = try XCTUnwrap(signedIn.json["accessToken"] as? String)
    let new = "wind over the cedar gate"
    for current in ["canary wrong", TestService.password] {
      try await ask(
        .make(
          .post, "/password", json: ["currentPassword": current, "newPassword": new],
          bearer: bearer))
    }
    XCTAssertEqual(try events(.passwordRefused).map { $0["reason"] }, ["wrong"])
    XCTAssertEqual(try events(.passwordChanged).map { $0["by"] }, ["user"])
    XCTAssertEqual(try events(.sessionEnded).map { $0["reason"] }, ["password"])

    let token = try services.passwordLinks.make(
      for: XCTUnwrap(Username("bob")), at: TestService.now)
    let answer = try await ask(
      .make(.post, "/link", json: ["token": token, "newPassword": new]))
    XCTAssertEqual(answer.status, .noContent, answer.text)
    XCTAssertEqual(try events(.passwordChanged).map { $0["by"] }, ["user", "link"])
    XCTAssertEqual(try events(.sessionEnded).map { $0["reason"] }, ["password", "link"])
    XCTAssertFalse(log.lines.contains { $0.contains("canary") || $0.contains(new) })
  }

  func testRefusedVisitors() async throws {
    try await start()
    try await ask(.make(.get, "/verify"))
    XCTAssertEqual(try events(.verifyRefused).count, 0)
    try await ask(.make(.get, "/verify", bearer: "canary"))
    let signedIn = try await signIn()
    let bearer = try XCTUnwrap(signedIn.json["accessToken"] as? String)
    try await ask(.make(.get, "/verify", bearer: bearer))
    try await ask(.make(.get, "/verify", query: "group=ops", bearer: bearer))
    XCTAssertEqual(
      try events(.verifyRefused).map { $0["reason"] }, ["invalid_token", "not_in_group"])
    XCTAssertFalse(log.lines.contains { $0.contains("canary") })
  }
}
