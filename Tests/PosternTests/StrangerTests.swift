import Accounts
import DocumentStore
import FileDocumentStore
import Foundation
import HandlerKit
import Logging
import PosternTesting
import TestSupport
import XCTest

@testable import Postern

/// What somebody without an account can make the service keep: the figures of Docs/limits.md.
final class StrangerTests: TemporaryFolderTestCase {
  private struct Kept: Equatable {
    var files = 0
    var bytes = 0
  }

  /// Regular files, and the bytes in them.
  private func kept() throws -> Kept {
    try files().reduce(into: Kept()) { kept, path in
      let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")[.size]
      kept.files += 1
      kept.bytes += (size as? NSNumber)?.intValue ?? 0
    }
  }

  /// So many sign-ins that fail, each of another name, and of another address where `isCrowd`.
  private func flood(
    _ numbers: Range<Int>, isCrowd: Bool, _ service: TestService, at time: Date = TestService.now
  ) async -> [Int: Int] {
    var statuses: [Int: Int] = [:]
    for number in numbers {
      let address =
        isCrowd ? "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)" : "192.0.2.7"
      let response = await service.respond(
        to: .make(
          .post, "/login", json: ["username": "stranger-\(number)", "password": "guess"],
          from: address, at: time))
      statuses[response.status.code, default: 0] += 1
    }
    return statuses
  }

  private func service(_ log: CapturedLog) async throws -> TestService {
    var configuration = try TestService.configuration()
    configuration.isThrottleEnabled = true
    let service = try await TestService(
      modules: standardModules, configuration: configuration,
      documents: FileDocumentStore(path: folder), passwords: TestService.cheapHasher(),
      logger: log.logger)
    try service.addUser("alice")
    return service
  }

  func testQ6_failedSignInsFillAFixedNumberOfFilesWhateverNamesAndAddresses() async throws {
    let service = try await service(CapturedLog())
    _ = await flood(0..<1, isCrowd: true, service)
    // Twice the number of documents, so that nearly every one is there.
    let statuses = await flood(1..<1_500, isCrowd: true, service)
    XCTAssertEqual(statuses, [400: 1_499])
    let full = try kept()
    // 256 for accounts, 256 for addresses, 16 decoys, each with its spare and one lock a folder.
    XCTAssertLessThanOrEqual(full.files, 2 * (512 + 16) + 3 * 256 + 1)
    let collections = Set(
      try files().compactMap { $0.split(separator: "/").first.map(String.init) })
    XCTAssertEqual(collections, ["decoy", "throttle", "users"])
    XCTAssertLessThanOrEqual(
      try service.services.documents.keys(of: StrangersFailures.self).count, 512)

    _ = await flood(1_500..<2_000, isCrowd: true, service)
    let later = try kept()
    XCTAssertLessThan(later.files - full.files, 200, "\(full), \(later)")
    print("strangers of a crowd: \(full) after 1,500 failed sign-ins, \(later) after 2,000")
  }

  func testQ6_oneAddressFillsNoMoreThanItsGuesses() async throws {
    let service = try await service(CapturedLog())
    let statuses = await flood(0..<1_000, isCrowd: false, service)
    XCTAssertEqual(statuses, [400: 100, 429: 900])
    let full = try kept()
    let more = await flood(1_000..<2_000, isCrowd: false, service)
    XCTAssertEqual(more, [429: 1_000])
    XCTAssertEqual(try kept(), full, "what is refused keeps nothing")
    print("strangers of one address: \(full) after 2,000 sign-ins, 100 of which were looked at")
  }

  func testQ6_whatStrangersFilledIsGoneAfterADay() async throws {
    let service = try await service(CapturedLog())
    _ = await flood(0..<300, isCrowd: true, service)
    let later = TestService.now + 86_400
    let documents = service.services.documents
    _ = try Throttle.sweep(documents, at: later)
    XCTAssertEqual(try documents.keys(of: StrangersFailures.self), [])
    let left = try files().filter { $0.hasPrefix("throttle/") && !$0.hasSuffix("/.lock") }
    XCTAssertEqual(left, [])
  }

  /// Without a token nothing else is written, whatever the route.
  func testQ6_noRouteButSignInWritesForWhoHasNoToken() async throws {
    let documents = CountingStore(try FileDocumentStore(path: folder))
    var configuration = try TestService.configuration()
    configuration.isThrottleEnabled = true
    let service = try await TestService(
      modules: standardModules, configuration: configuration, documents: documents,
      passwords: TestService.cheapHasher())
    let requests: [Request] = [
      .make(.post, "/refresh-token", json: ["refreshToken": "a.b.c"]),
      .make(.post, "/logout", json: ["refreshToken": "a.b.c"]),
      .make(
        .post, "/link",
        json: [
          "token": "YWxpY2U.\(String(repeating: "x", count: 43))",
          "newPassword": "wind over the cedar gate",
        ]),
      .make(
        .post, "/password", json: ["currentPassword": "a", "newPassword": "b"], bearer: "a.b.c"),
      .make(.post, "/login", json: ["username": "alice"]),
      .make(
        .post, "/login",
        json: ["username": "alice", "password": String(repeating: "x", count: 2_000)]),
      .make(.get, "/job-list", bearer: "a.b.c"), .make(.get, "/current-user"),
      .make(.get, "/sessions", bearer: "a.b.c"), .make(.delete, "/sessions", bearer: "a.b.c"),
      .make(.delete, "/sessions/x"), .make(.get, "/verify"), .make(.get, "/nothing"),
      .make(.get, "/.well-known/jwks.json"), .make(.options, "/login"),
    ]
    // The decoys are made by the first sign-in.
    _ = await service.respond(to: requests[4])
    _ = await service.respond(to: requests[5])
    let before = documents.updates
    for request in requests {
      let response = await service.respond(to: request)
      XCTAssertLessThan(response.status.code, 500, request.path)
    }
    XCTAssertEqual(documents.updates, before)
  }

  /// A line of the log is as long as Docs/limits.md says, whatever the client sent.
  func testQ5_aRefusedSignInIsOneShortLine() async throws {
    let log = CapturedLog()
    let service = try await service(log)
    var request = Request.make(
      .post, "/login",
      json: [
        "username": String(repeating: "é", count: 3_000), "password": "guess",
        "fingerprint": String(repeating: "f", count: 1_024),
      ],
      headers: [.userAgent: String(repeating: "u", count: 4_000)],
      from: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
    request.id = String(repeating: "a", count: 32)
    for _ in 0..<21 { _ = await service.respond(to: request) }
    XCTAssertEqual(log.fields.count, 21)
    for (line, fields) in zip(log.lines, log.fields) {
      let json = LineLogHandler.json(
        at: Date(), .notice, "sign-in refused, too many attempts", fields)
      XCTAssertLessThanOrEqual(json.utf8.count, 300, line)
    }
  }
}
