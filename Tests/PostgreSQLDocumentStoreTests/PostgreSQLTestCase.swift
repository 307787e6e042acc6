import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

/// Starts PostgreSQL servers in temporary folders, and kills them.
class PostgreSQLTestCase: TemporaryFolderTestCase {
  private var servers: [PostgreSQLServer] = []

  override func setUpWithError() throws {
    try super.setUpWithError()
    guard
      FileManager.default.isExecutableFile(atPath: "\(PostgreSQLServer.programs)/postgres")
    else { throw XCTSkip("postgresql is not installed") }
    chmod(folder, 0o755)
  }

  override func tearDownWithError() throws {
    for server in servers { server.kill() }
    servers = []
    try super.tearDownWithError()
  }

  /// A new server that runs, with these lines of `postgresql.conf`.
  func start(_ settings: String..., before: [String] = []) throws -> PostgreSQLServer {
    let server = try PostgreSQLServer(newIn: "\(folder)/\(servers.count)", before: before)
    servers.append(server)
    try server.start(settings)
    return server
  }

  /// A standby of a server that runs.
  func startStandby(of primary: PostgreSQLServer) throws -> PostgreSQLServer {
    let server = try PostgreSQLServer(following: primary, in: "\(folder)/\(servers.count)")
    servers.append(server)
    try server.start([])
    return server
  }

  /// A store with its table, whose every statement has the time that a busy machine takes.
  func patientStore(_ url: String) throws -> PostgreSQLDocumentStore {
    let store = PostgreSQLDocumentStore(
      url, timeout: .seconds(30), statementTimeout: .seconds(30))
    try store.makeTable()
    return store
  }

  /// That this is not possible now, which becomes 503, and that it does not take too long.
  func assertUnavailable(
    _ expected: String = "", isBusy: Bool = false, file: StaticString = #filePath,
    line: UInt = #line, _ body: () throws -> Void
  ) {
    let begin = ContinuousClock.now
    XCTAssertThrowsError(try body(), file: file, line: line) { error in
      switch error {
      case DocumentStoreError.unavailable(let reason) where !isBusy,
        DocumentStoreError.busy(let reason) where isBusy:
        XCTAssertTrue(
          expected.isEmpty || reason.contains(expected), reason, file: file, line: line)
      case let unfit as UnfitStore:
        XCTAssertTrue(
          !expected.isEmpty && unfit.description.contains(expected), unfit.description, file: file,
          line: line)
      default: XCTFail("\(error)", file: file, line: line)
      }
    }
    XCTAssertLessThan(ContinuousClock.now - begin, .seconds(60), file: file, line: line)
  }
}

extension PostgreSQLConnection {
  /// Runs a statement of the test's own, whose rows have one column.
  func run(_ statement: String) throws {
    _ = try run(
      statement, columns: statement.hasPrefix("select") ? 1 : 0, until: .now + .seconds(30))
  }
}

/// For other threads.
func assertDone(
  file: StaticString = #filePath, line: UInt = #line, _ body: () throws -> Void
) {
  do { try body() } catch { XCTFail("\(error)", file: file, line: line) }
}
