import Foundation
import Glibc
import TestSupport
import XCTest

/// A real `postern serve` with its workers, over a folder of its own.
final class PosternProcess {
  let socketPath: String
  private let process = Process()
  private let logPath: String

  /// Starts it and waits until it answers.
  init(folder: String, settings: [String: String]) throws {
    guard let program = ProcessInfo.processInfo.environment["POSTERN_PROGRAM"],
      FileManager.default.isExecutableFile(atPath: program)
    else { throw NoProgram() }
    socketPath = "\(folder)/run/postern.sock"
    logPath = "\(folder)/log"
    try Data().write(to: URL(fileURLWithPath: logPath))
    let log = FileHandle(forWritingAtPath: logPath)
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["serve"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = settings.merging(
      [
        "POSTERN_DATA": "\(folder)/data", "POSTERN_RUN": "\(folder)/run",
        "POSTERN_STORE": try TestStore.setting(folder: "\(folder)/data") ?? "file",
      ]) { $1 }
    process.standardOutput = log
    process.standardError = log
    try process.run()
    let deadline = ContinuousClock.now + .seconds(20)
    while !answers {
      guard process.isRunning, ContinuousClock.now < deadline else {
        stop()
        throw NotStarted(log: self.log)
      }
      usleep(20_000)
    }
  }

  struct NoProgram: Error, CustomStringConvertible {
    let description = """
      POSTERN_PROGRAM must name the program under test: \
      POSTERN_PROGRAM=$(script/build) swift test --filter RacesTests
      """
  }

  struct NotStarted: Error, CustomStringConvertible {
    let log: String
    var description: String { "postern did not start: \(log)" }
  }

  var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

  /// The processes of the workers at this moment.
  var workers: [pid_t] {
    let process = process.processIdentifier
    let children = try? String(
      contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
    return (children ?? "").split(separator: " ").compactMap { pid_t($0) }
  }

  /// Ends it as an operator would. Returns whether it ended by itself, within 20 seconds.
  @discardableResult
  func stop() -> Bool {
    guard process.isRunning else { return true }
    process.terminate()
    for _ in 0..<1_000 where process.isRunning { usleep(20_000) }
    guard process.isRunning else { return true }
    for worker in workers { kill(worker, SIGKILL) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return false
  }

  private var answers: Bool {
    guard let client = try? FastCGIClient(path: socketPath) else { return false }
    client.send("GET", "/current-user", keep: false)
    return (try? client.reply())?.status == 401
  }
}
