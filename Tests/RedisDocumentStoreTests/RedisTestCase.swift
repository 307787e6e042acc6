import Foundation
import TestSupport
import XCTest

/// Starts Redis servers in temporary folders, and kills them.
class RedisTestCase: TemporaryFolderTestCase {
  struct Server {
    let process: Process
    let port: Int
    var url: String { "redis://127.0.0.1:\(port)" }
  }

  private var servers: [Server] = []

  override func tearDownWithError() throws {
    for server in servers where server.process.isRunning {
      kill(server.process.processIdentifier, SIGKILL)
      server.process.waitUntilExit()
    }
    servers = []
    try super.tearDownWithError()
  }

  /// A server with these lines of `redis.conf` besides its own.
  func start(_ lines: String...) throws -> Server {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/redis-server") else {
      throw XCTSkip("redis-server is not installed")
    }
    let port = try freePort()
    let place = "\(folder)/redis-\(port)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let settings =
      [
        "port \(port)", "bind 127.0.0.1", "dir \(place)", "save \"\"", "appendonly yes",
        "appendfsync always", "logfile \(place)/log",
      ] + lines
    try settings.joined(separator: "\n").write(
      toFile: "\(place)/redis.conf", atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
    process.arguments = ["\(place)/redis.conf"]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let server = Server(process: process, port: port)
    servers.append(server)
    try waitUntilItListens(port)
    return server
  }

  private func waitUntilItListens(_ port: Int) throws {
    for _ in 0..<500 {
      if isListening(port) { return }
      usleep(10_000)
    }
    XCTFail("redis-server does not listen")
  }

  private func isListening(_ port: Int) -> Bool {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var address = loopback(port)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  /// One that the kernel has just given out.
  private func freePort() throws -> Int {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        XCTAssertEqual(bind(connection, $0, size), 0)
        XCTAssertEqual(getsockname(connection, $0, &size), 0)
      }
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private func loopback(_ port: Int) -> sockaddr_in {
    sockaddr_in(
      sin_family: sa_family_t(AF_INET), sin_port: in_port_t(port).bigEndian,
      sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian),
      sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
  }
}
