import Foundation
import Glibc
import TestSupport
import XCTest

@testable import RedisDocumentStore

/// A Redis server, or a sentinel, in a folder that outlives it.
final class RedisServer {
  static let program = "/usr/bin/redis-server"

  let port: Int
  let folder: String
  private let arguments: [String]
  private var process: Process?

  var host: RedisHost { RedisHost(name: "127.0.0.1", port: port) }
  var url: String { "redis://\(host)" }

  init(port: Int, folder: String, lines: [String], arguments: [String] = []) throws {
    self.port = port
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let file = "\(folder)/redis.conf"
    let settings = ["port \(port)", "bind 127.0.0.1", "dir \(folder)", "logfile \(folder)/log"]
    try (settings + lines).joined(separator: "\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    self.arguments = [file] + arguments
  }

  /// Starts it, or starts it again with what it kept, and waits until it has read that.
  func start() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    self.process = process
    try waitUntil("redis-server serves", within: 30) {
      do {
        try send("PING")
        return true
      } catch RedisError.refused(let code, _) {
        return code != "LOADING"
      } catch {
        return false
      }
    }
  }

  func kill() {
    guard let process, process.isRunning else { return }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func stop() { signal(SIGSTOP) }
  func goOn() { signal(SIGCONT) }

  private func signal(_ number: Int32) {
    if let process, process.isRunning { Glibc.kill(process.processIdentifier, number) }
  }

  @discardableResult
  func send(_ command: String..., password: String? = nil) throws -> RedisReply {
    let connection = try RedisConnection(to: host, timeout: .seconds(10))
    if let password { _ = try connection.send(["AUTH", password].map { Array($0.utf8) }) }
    let reply = try connection.send(command.map { Array($0.utf8) })
    if case .error(let text) = reply { throw RedisError(error: text) }
    return reply
  }

  /// One value of `INFO`.
  func information(_ name: String, of section: String) throws -> String? {
    try send("INFO", section).string?.split(whereSeparator: \.isNewline)
      .first { $0.hasPrefix("\(name):") }
      .map { String($0.dropFirst(name.count + 1)) }
  }
}

/// Fails the test where it does not come to be.
func waitUntil(
  _ what: String, within seconds: Double, _ isSo: () throws -> Bool
) throws {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while try !isSo() {
    guard ContinuousClock.now < deadline else {
      throw Lateness(description: "not in time: \(what)")
    }
    usleep(10_000)
  }
}

struct Lateness: Error, CustomStringConvertible {
  let description: String
}
