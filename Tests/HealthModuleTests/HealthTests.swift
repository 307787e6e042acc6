import DocumentStore
import FileDocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import HealthModule
import Logging
import TestSupport
import XCTest

final class HealthTests: TemporaryFolderTestCase {
  private func health(_ house: TestHouse, accept: String? = nil) async -> Response {
    let headers: HTTPFields = accept.map { [.accept: $0] } ?? [:]
    return await house.router.respond(to: .make(.get, "/healthz", headers: headers))
  }

  func testAGoodStoreIsWrittenToAndTheAnswerIsOk() async throws {
    let documents = CountingStore(try FileDocumentStore(path: folder))
    let house = try await TestHouse(folder: folder, documents: documents)
    let answer = await health(house)
    XCTAssertEqual(answer.status, .ok)
    XCTAssertEqual(answer.text, "ok")
    XCTAssertEqual(answer.headers[.cacheControl], "no-store")
    XCTAssertEqual(documents.updates, 1)
    XCTAssertNoThrow(try documentPath("health", "probe"))
  }

  func testAGoodAnswerIsGivenAgainWithoutAskingTheStore() async throws {
    let documents = CountingStore(try FileDocumentStore(path: folder))
    let house = try await TestHouse(folder: folder, documents: documents)
    for _ in 0..<20 { _ = await health(house) }
    XCTAssertLessThan(documents.updates, 20)
  }

  func testABadStoreIs503WithTheCodeOfTheReasonAndAskedAgainEachTime() async throws {
    let house = try await TestHouse(folder: folder)
    let away = folder + "-away"
    try FileManager.default.moveItem(atPath: folder, toPath: away)
    defer { try? FileManager.default.moveItem(atPath: away, toPath: folder) }
    let answer = await health(house)
    XCTAssertEqual(answer.status.code, 503)
    XCTAssertEqual(answer.text, "store_unavailable")
    let problem = await health(house, accept: "application/problem+json")
    XCTAssertEqual(problem.json["code"] as? String, "store_unavailable")
    try FileManager.default.moveItem(atPath: away, toPath: folder)
    let again = await health(house)
    XCTAssertEqual(again.status, .ok)
  }

  func testADamagedDocumentIsToldAndNeverOverwritten() async throws {
    let house = try await TestHouse(folder: folder)
    let router = try Router(
      [HealthModule(documents: house.documents, interval: .zero) { _ in nil }],
      logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let first = await router.respond(to: .make(.get, "/healthz"))
    XCTAssertEqual(first.status, .ok)
    let path = try documentPath("health", "probe")
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    let second = await router.respond(to: .make(.get, "/healthz"))
    XCTAssertEqual(second.status.code, 500)
    XCTAssertEqual(FileManager.default.contents(atPath: path), Data("{}".utf8))
  }
}
