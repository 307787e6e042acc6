import Foundation
import HandlerKit
import Logging
import SystemCalls
import TestSupport
import XCTest

@testable import Postern

/// All that the modules need, from a configuration.
func services(_ configuration: PosternConfiguration) async throws -> Services {
  try await Services(
    configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

final class ModulesTests: TemporaryFolderTestCase {
  private func modules() async throws -> [any HandlerModule] {
    let services = try await services(.load(file: nil, environment: ["POSTERN_DATA": folder]))
    return try standardModules.map { try $0.init(services) }
  }

  func testNoTwoClaimOneRouteAndAllFourRoutesAreThere() async throws {
    let routes = try await modules().flatMap(\.routes).map { "\($0.method.rawValue) \($0.path)" }
    XCTAssertEqual(Set(routes).count, routes.count)
    for route in [
      "POST /login", "POST /refresh-token", "GET /job-list", "GET /current-user",
    ] {
      XCTAssertTrue(routes.contains(route), route)
    }
  }

  func testOneRouteClaimedTwiceStopsTheStart() async throws {
    let modules = try await modules()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    XCTAssertNoThrow(try Router(modules, logger: logger))
    XCTAssertThrowsError(try Router(modules + modules, logger: logger)) {
      XCTAssertEqual("\($0)", "two modules claim POST /login")
    }
  }

  func testDisabledOnesAreLeftOut() throws {
    let names = try enabled("jobs,login").map { $0.name }
    XCTAssertEqual(Set(names), Set(standardModules.map { $0.name }).subtracting(["jobs", "login"]))
    let all = try enabled("")
    XCTAssertEqual(all.count, standardModules.count)
  }

  func testM8_disabledNameThatIsNoModuleStopsTheStartAndListsThemAll() {
    do {
      _ = try enabled("job")
      XCTFail("started without knowing which module is meant")
    } catch {
      XCTAssertTrue("\(error)".hasPrefix("modules.disabled names job;"), "\(error)")
      for module in standardModules { XCTAssertTrue("\(error)".contains(module.name)) }
    }
  }

  private func enabled(_ disabled: String) throws -> [any ServiceModule.Type] {
    try ModuleList(standardModules).enabled(
      .load(
        file: nil,
        environment: ["POSTERN_DATA": folder, "POSTERN_MODULES_DISABLED": disabled]))
  }

  func testEachHasANameOfItsOwnInLowerCase() {
    let names = standardModules.map { $0.name }
    XCTAssertEqual(Set(names).count, names.count)
    for name in names {
      XCTAssertTrue(name.allSatisfy { $0 == "-" || ("a"..."z").contains($0) }, name)
    }
    XCTAssertEqual(Set(["login", "refresh", "jobs", "current-user"]).subtracting(names), [])
  }
}
