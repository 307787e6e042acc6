import Foundation
import TestSupport
import XCTest

/// Starts PostgreSQL servers in temporary folders, behind Unix sockets, and kills them.
class PostgreSQLTestCase: TemporaryFolderTestCase {
  private static let programs = "/usr/lib/postgresql/15/bin"
  /// The server refuses to run as root.
  private static let asOther =
    getuid() == 0
    ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []

  private var servers: [Process] = []

  override func tearDownWithError() throws {
    for server in servers where server.isRunning {
      // Its own children end with it.
      kill(server.processIdentifier, SIGQUIT)
      server.waitUntilExit()
    }
    servers = []
    try super.tearDownWithError()
  }

  /// Starts a server, and returns the URL of its database.
  func start() throws -> String {
    guard FileManager.default.isExecutableFile(atPath: "\(Self.programs)/postgres") else {
      throw XCTSkip("postgresql is not installed")
    }
    let place = "\(folder)/postgresql"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    chmod(folder, 0o755)
    if getuid() == 0 { try run(["/bin/chown", "postgres", place]) }
    try run(
      Self.asOther + [
        "\(Self.programs)/initdb", "-D", "\(place)/data", "-A", "trust", "-U", "postern", "-N",
      ])
    let arguments =
      Self.asOther + [
        "\(Self.programs)/postgres", "-D", "\(place)/data", "-k", place, "-c",
        "listen_addresses=", "-c", "max_connections=100",
      ]
    servers.append(try spawn(arguments))
    let url = "postgresql://postern@/postgres?host=\(place)"
    for _ in 0..<500 {
      if (try? run(["\(Self.programs)/pg_isready", "-q", "-d", url])) != nil { return url }
      usleep(20_000)
    }
    XCTFail("postgres does not answer")
    return url
  }

  private func spawn(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private struct Failed: Error {}

  @discardableResult
  func run(_ arguments: [String]) throws -> Int32 {
    let process = try spawn(arguments)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed() }
    return 0
  }
}
