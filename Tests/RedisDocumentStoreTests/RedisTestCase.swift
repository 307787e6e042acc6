import DocumentStore
import Foundation
import RedisDocumentStore
import TestSupport
import XCTest

/// Starts Redis servers in temporary folders, and kills them.
class RedisTestCase: TemporaryFolderTestCase {
  /// What a server of sessions is told.
  static let durably = ["save \"\"", "appendonly yes", "appendfsync always"]

  private var servers: [RedisServer] = []
  private var others: [Process] = []

  override func tearDownWithError() throws {
    for server in servers {
      server.goOn()
      server.kill()
    }
    for process in others where process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    (servers, others) = ([], [])
    try super.tearDownWithError()
  }

  /// A server with these lines of `redis.conf` besides its own; later lines win.
  func start(_ lines: String...) throws -> RedisServer {
    try start(Self.durably + lines)
  }

  func start(
    _ lines: [String], port: Int? = nil, arguments: [String] = []
  ) throws -> RedisServer {
    guard FileManager.default.isExecutableFile(atPath: RedisServer.program) else {
      throw XCTSkip("redis-server is not installed")
    }
    let port = try port ?? LoopbackServer.freePort()
    let server = try RedisServer(
      port: port, folder: "\(folder)/redis-\(port)", lines: lines, arguments: arguments)
    servers.append(server)
    try server.start()
    return server
  }

  /// Runs another program until the test ends.
  func run(_ path: String, _ arguments: String...) throws -> Process {
    try run(path, arguments)
  }

  func run(_ path: String, _ arguments: [String]) throws -> Process {
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw XCTSkip("\(path) is not installed")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    others.append(process)
    return process
  }

  func store(
    _ url: String, waitReplicas: Int = 0, commandTimeout: Duration = .seconds(1)
  ) throws -> RedisDocumentStore {
    var options = RedisDocumentStore.Options()
    options.waitReplicas = waitReplicas
    options.commandTimeout = commandTimeout
    return RedisDocumentStore(try RedisAddress(url), options)
  }

  /// A store whose every command has the time that a busy machine takes.
  func patientStore(_ url: String) throws -> RedisDocumentStore {
    try store(url, commandTimeout: .seconds(20))
  }

  /// That this is not possible now: the answer is 503.
  func assertUnavailable(
    _ expected: String = "", file: StaticString = #filePath, line: UInt = #line,
    _ body: () throws -> Void
  ) {
    XCTAssertThrowsError(try body(), file: file, line: line) { error in
      guard case DocumentStoreError.unavailable(let reason) = error else {
        return XCTFail("\(error)", file: file, line: line)
      }
      if !expected.isEmpty {
        XCTAssertTrue(reason.contains(expected), reason, file: file, line: line)
      }
    }
  }
}
