import Foundation
import HandlerKit
import PosternTesting
import TestSupport
import XCTest

@testable import Postern

/// What authors of modules test with: it refuses what the start refuses, and answers as a worker.
final class TestServiceTests: XCTestCase {
  private struct Module: ServiceModule {
    static let name = "sample"
    static let settings = [Setting("sample.limit", 3, "a number from 1 to 9")]
    let limit: Int
    let bearer: BearerAuthenticator

    init(_ services: Services) throws {
      limit = try services.settings.number("sample.limit", in: 1...9)
      bearer = services.bearer
    }

    var routes: [Route] {
      Route(.get, "/sample/limit") { _ in .text("\(limit)") }
      Route(.get, "/sample/me", for: bearer) { _, caller in
        try .json(["name": caller.user.username])
      }
      Route(.get, "/sample/query") { request in
        .text(try request.queryParameters["q"] ?? "none")
      }
    }
  }

  private func assertRefused(
    _ reason: String, _ modules: [any ServiceModule.Type],
    _ settings: [String: SettingValue] = [:], line: UInt = #line
  ) async {
    do {
      _ = try await TestService(modules: modules, settings: settings)
      XCTFail("was made", line: line)
    } catch {
      XCTAssertEqual("\(error)", reason, line: line)
    }
  }

  func testSettingsAreGivenByTheirNamesAndCheckedAsAtTheStart() async throws {
    for (settings, text): ([String: SettingValue], String) in [
      ([:], "3"), (["sample.limit": 9], "9"),
    ] {
      let service = try await TestService(modules: [Module.self], settings: settings)
      let response = await service.respond(to: .make(.get, "/sample/limit"))
      XCTAssertEqual(response.text, text)
    }
    await assertRefused(
      "sample.limit must be a whole number from 1 to 9", [Module.self], ["sample.limit": 10])
    await assertRefused(
      "sample.limit must be a whole number", [Module.self], ["sample.limit": "x"])
    await assertRefused("there is no setting sample.limits", [Module.self], ["sample.limits": 1])
    await assertRefused("two modules are called sample", [Module.self, Module.self])
  }

  func testSignedInGivesABearerTokenOfThatUser() async throws {
    let service = try await TestService(modules: [Module.self])
    let alice = try await service.signedIn(as: "alice")
    let bob = try await service.signedIn(as: "bob")
    let again = try await service.signedIn(as: "alice")
    for (token, name) in [(alice, "alice"), (bob, "bob"), (again, "alice")] {
      let response = await service.respond(to: .make(.get, "/sample/me", bearer: token))
      XCTAssertEqual(try response.decode([String: String].self), ["name": name])
    }
    let stranger = await service.respond(to: .make(.get, "/sample/me"))
    XCTAssertEqual(stranger.status, .unauthorized)
    do {
      _ = try await service.signedIn(as: "no name")
      XCTFail("signed in")
    } catch {
      XCTAssertEqual("\(error)", "no user name: no name")
    }
  }

  func testQueryAndStandardModulesAreThere() async throws {
    let service = try await TestService(modules: [Module.self])
    let query = await service.respond(to: .make(.get, "/sample/query", query: "q=a+b"))
    XCTAssertEqual(query.text, "a b")
    let alice = try await service.signedIn(as: "alice")
    let jobs = await service.respond(to: .make(.get, "/job-list", bearer: alice))
    XCTAssertEqual(jobs.text, "[]")
    await service.shutdown()
  }
}
