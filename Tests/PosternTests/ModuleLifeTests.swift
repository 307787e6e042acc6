import HandlerKit
import Synchronization
import TestSupport
import XCTest

@testable import Postern

/// What is made is shut down.
final class ModuleLifeTests: TemporaryFolderTestCase {
  @TaskLocal static var events = Events()

  final class Events: Sendable {
    private let stored = Mutex<[String]>([])

    var all: [String] { stored.withLock { $0 } }
    func add(_ event: String) { stored.withLock { $0.append(event) } }
  }

  private struct Failure: Error {}

  private protocol Place: Sendable { static var name: String { get } }
  private enum First: Place { static let name = "first" }
  private enum Second: Place { static let name = "second" }
  private enum CannotBeMade: Place { static let name = "cannot-be-made" }
  private enum CannotStart: Place { static let name = "cannot-start" }

  private struct Module<P: Place>: ServiceModule {
    static var name: String { P.name }
    var routes: [Route] { Route(.get, "/\(P.name)") { _ in .text("") } }

    init(_ services: Services) throws {
      if P.self == CannotBeMade.self { throw Failure() }
      ModuleLifeTests.events.add("make \(P.name)")
    }
    func start() async throws {
      ModuleLifeTests.events.add("start \(P.name)")
      if P.self == CannotStart.self { throw Failure() }
    }
    func shutdown() async { ModuleLifeTests.events.add("shut down \(P.name)") }
  }

  private func life(
    _ types: [any ServiceModule.Type], for purpose: ModuleLife.Purpose,
    _ body: @Sendable ([any ServiceModule]) throws -> Void = { _ in
      ModuleLifeTests.events.add("use")
    }
  ) async throws -> (events: [String], isWhole: Bool) {
    let services = try await services(.load(file: nil, environment: ["POSTERN_DATA": folder]))
    let events = Events()
    let isWhole = await Self.$events.withValue(events) {
      do {
        try await ModuleLife.withModules(types, services, for: purpose) { try body($0) }
        return true
      } catch {
        XCTAssertTrue(error is Failure, "\(error)")
        return false
      }
    }
    return (events.all, isWhole)
  }

  func testUsedModulesAreMadeStartedAndShutDownTheLastFirst() async throws {
    let (events, isWhole) = try await life(
      [Module<First>.self, Module<Second>.self], for: .use)
    XCTAssertEqual(
      events,
      [
        "make first", "make second", "start first", "start second", "use", "shut down second",
        "shut down first",
      ])
    XCTAssertTrue(isWhole)
  }

  func testCheckStartsNothingAndShutsDownAll() async throws {
    let (events, _) = try await life([Module<First>.self, Module<Second>.self], for: .check)
    XCTAssertEqual(
      events,
      ["make first", "make second", "use", "shut down second", "shut down first"])
  }

  func testWhatWasMadeBeforeOneThatCannotBeMadeIsShutDown() async throws {
    for purpose in [ModuleLife.Purpose.check, .use] {
      let (events, isWhole) = try await life(
        [Module<First>.self, Module<CannotBeMade>.self, Module<Second>.self], for: purpose)
      XCTAssertEqual(events, ["make first", "shut down first"])
      XCTAssertFalse(isWhole)
    }
  }

  func testAllAreShutDownAfterOneThatCannotStart() async throws {
    let (events, isWhole) = try await life(
      [Module<First>.self, Module<CannotStart>.self, Module<Second>.self], for: .use)
    XCTAssertEqual(
      events,
      [
        "make first", "make cannot-start", "make second", "start first", "start cannot-start",
        "shut down second", "shut down cannot-start", "shut down first",
      ])
    XCTAssertFalse(isWhole)
  }

  func testAllAreShutDownWhereTheirUseFails() async throws {
    let (events, isWhole) = try await life([Module<First>.self], for: .use) { _ in
      throw Failure()
    }
    XCTAssertEqual(events, ["make first", "start first", "shut down first"])
    XCTAssertFalse(isWhole)
  }
}
