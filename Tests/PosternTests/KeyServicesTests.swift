import DocumentStore
import Foundation
import HandlerKit
import Logging
import MemoryDocumentStore
import PosternTesting
import TestSupport
import XCTest

@testable import Postern
@testable import Tokens

/// What keys have to do with what is not a token.
final class KeyServicesTests: TemporaryFolderTestCase {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func router(
    _ documents: any DocumentStore, _ keys: KeyFile
  ) async throws -> (services: Services, router: Router) {
    let configuration = try PosternConfiguration.load(
      file: nil, environment: ["POSTERN_DATA": folder])
    let services = try await Services(
      configuration: configuration, logger: logger, documents: documents,
      passwords: TestService.cheapHasher(), keys: keys)
    return (services, try await services.startModules(standardModules).router)
  }

  private func login(_ router: Router, device: String? = nil) async -> Response {
    var json = ["username": "nobody", "password": "wrong"]
    json["device"] = device
    return await router.respond(to: .make(.post, "/login", json: json))
  }

  func testM7_failedSignInsStayCountedWhenTheKeysOfRefreshTokensAreRotated() async throws {
    let documents = MemoryDocumentStore()
    let keys = try KeyFile(access: .random(), refresh: .random())
    let before = try await router(documents, keys).router
    for _ in 0..<20 { _ = await login(before) }
    let refused = await login(before)
    XCTAssertEqual(refused.status, .tooManyRequests)

    let rotated = try keys.with(
      keys.refresh.rotating(to: TokenKey(.random(), signsFrom: 1), lifetime: 1)
        .withoutEnded(at: 1_000), for: .refresh)
    let after = try await router(documents, KeyFile(rotated.encoded())).router
    let still = await login(after)
    XCTAssertEqual(still.status, .tooManyRequests)

    let other = try await router(
      documents, rotated.with(rotated.refresh, for: .refresh, derivation: .random()))
    let anew = await login(other.router)
    XCTAssertEqual(anew.status, .badRequest)
  }

  func testM3_M6_workersInheritEveryAlgorithmAndTime() throws {
    let configuration = try PosternConfiguration.load(file: nil, environment: [:])
    var access = try KeySet.random(at: 5)
    for (number, algorithm) in KeyAlgorithm.allCases.enumerated() {
      access = try access.rotating(
        to: TokenKey(.random(algorithm), createdAt: 9, signsFrom: 100 * number), lifetime: 900)
    }
    let refresh = try KeySet.random()
      .rotating(to: TokenKey(.random(), signsFrom: 7), lifetime: 1)
    let keys = KeyFile(
      access: access, refresh: refresh.withoutEnded(at: 1_000), derivation: try .random())
    let file = try Inheritance(settings: configuration.settings, keys: keys).file()
    XCTAssertEqual(try Inheritance(from: file).keys, keys)
  }

  func testM7_secretsOfTheEnvironmentAreWhatIsDerivedFrom() throws {
    let secret = "DuOJCPi45kAoX3lqfO9AogHCXUk4gSfZBhWPbp4t"
    let configuration = try PosternConfiguration.load(
      file: nil,
      environment: ["POSTERN_DATA": folder, "POSTERN_TOKENS_REFRESH_SECRET": secret])
    let keys = try Services.keys(configuration)
    XCTAssertEqual(keys.derivation, try KeySecret(text: secret, type: RefreshClaims.type))
    XCTAssertEqual(keys.refresh.keys.map(\.secret), [keys.derivation])
    XCTAssertEqual(keys.access, try KeyFile.load(inFolder: folder)?.access)
  }
}
