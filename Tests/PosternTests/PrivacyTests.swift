import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

@testable import Postern

final class PrivacyTests: TemporaryFolderTestCase {
  /// A router over all modules of the program, and what they log, at every level.
  private func router() async throws -> (router: Router, services: Services, log: CapturedLog) {
    let log = CapturedLog()
    let logger = log.logger
    let services = try await Services(
      configuration: .load(file: nil, environment: ["POSTERN_DATA": folder]), logger: logger)
    let hash = try services.passwords.hash(XCTUnwrap(Password(TestHouse.password)))
    for name in ["alice", "damaged"] {
      _ = try services.users.add(
        XCTUnwrap(Username(name)), profile: .init(email: "a@example.com"),
        passwordHash: name == "alice" ? hash : "canary-hash")
    }
    let modules = try standardModules.map { try $0.init(services) }
    return (try Router(modules, logger: logger, explain: explain), services, log)
  }

  private func post(_ path: String, _ json: [String: Any], at seconds: TimeInterval = 0) -> Request
  {
    .make(.post, path, json: json, at: TestHouse.now.addingTimeInterval(seconds))
  }

  func testN1_N3_N5_nothingSecretIsEverLogged() async throws {
    let (router, services, log) = try await router()
    let login = await router.respond(
      to: post("/login", ["username": "alice", "password": TestHouse.password]))
    XCTAssertEqual(login.status, .ok)
    let refreshed = await router.respond(
      to: post("/refresh-token", ["refreshToken": login.refreshToken]))
    let answers = [
      await router.respond(to: post("/login", ["username": "alice", "password": "canary-1"])),
      await router.respond(to: post("/login", ["username": "canary-2", "password": "canary-3"])),
      await router.respond(to: post("/login", ["username": "damaged", "password": "canary-4"])),
      await router.respond(to: post("/refresh-token", ["refreshToken": "canary-5"])),
      await router.respond(
        to: post("/refresh-token", ["refreshToken": login.refreshToken], at: 99)),
      await router.respond(to: .make(.get, "/job-list", bearer: "canary-6.x.y")),
      await router.respond(to: .make(.get, "/current-user", bearer: login.accessToken)),
    ]
    // A document that cannot be read is told by its file alone.
    let path = try documentPath("users", "alice")
    try Data("canary-7".utf8).write(to: URL(fileURLWithPath: path))
    let damaged = await router.respond(
      to: post("/login", ["username": "alice", "password": "canary-8"]))
    XCTAssertEqual(damaged.status.code, 503)

    let tokens = [login, refreshed].flatMap { [$0.accessToken, $0.refreshToken] }
    let signatures = tokens.compactMap { $0.split(separator: ".").last.map(String.init) }
    XCTAssertEqual(signatures.count, 4)
    let text = log.lines.joined(separator: "\n")
    XCTAssertGreaterThanOrEqual(log.lines.count, 4, text)
    for secret in signatures + ["canary", TestHouse.password, "$argon2id"] {
      XCTAssertFalse(text.contains(secret), "\(secret) in \(text)")
      for answer in answers + [damaged] {
        XCTAssertFalse(answer.text.contains(secret), answer.text)
      }
    }
    _ = services
  }

  func testE3_reuseIsLoggedAsASecurityEventWithTheSessionAndTheAddress() async throws {
    let (router, services, log) = try await router()
    let login = await router.respond(
      to: post("/login", ["username": "alice", "password": TestHouse.password]))
    let claims = try services.tokens.verifyRefreshToken(login.refreshToken, at: TestHouse.now)
    for seconds in [1, 2, 31] as [TimeInterval] {
      XCTAssertFalse(log.lines.contains { $0.contains("reused") })
      _ = await router.respond(
        to: post("/refresh-token", ["refreshToken": login.refreshToken], at: seconds))
    }
    let events = log.lines.filter { $0.contains("reused") }
    XCTAssertEqual(events.count, 1)
    let event = try XCTUnwrap(events.first)
    XCTAssertTrue(event.hasPrefix("warning"), event)
    for detail in [claims.sub, claims.sid, "192.0.2.1", "request=test"] {
      XCTAssertTrue(event.contains(detail), event)
    }
  }

  func testJ11_damagedHashIsLoggedAsAnError() async throws {
    let (router, _, log) = try await router()
    let response = await router.respond(
      to: post("/login", ["username": "damaged", "password": TestHouse.password]))
    XCTAssertEqual(response.text, "Username or password is wrong!")
    XCTAssertEqual(log.lines.filter { $0.hasPrefix("error") && $0.contains("damaged") }.count, 1)
  }

  func testF13_N6_damagedDocumentIs503ForThatUserAndNamedInTheLog() async throws {
    let (router, _, log) = try await router()
    let path = try documentPath("users", "damaged")
    try Data().write(to: URL(fileURLWithPath: path))
    let response = await router.respond(
      to: post("/login", ["username": "damaged", "password": TestHouse.password]))
    XCTAssertEqual(response.status.code, 503)
    XCTAssertNil(response.headers[.retryAfter])
    XCTAssertEqual(response.text, "The service is unavailable for the moment")
    XCTAssertTrue(
      log.lines.contains { $0.hasPrefix("error") && $0.contains("damaged.json") }, "\(log.lines)")
    XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path)), Data())
    let other = await router.respond(
      to: post("/login", ["username": "alice", "password": TestHouse.password]))
    XCTAssertEqual(other.status, .ok)
  }
}
