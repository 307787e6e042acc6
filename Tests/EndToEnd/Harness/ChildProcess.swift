import Foundation
import Glibc

/// A program that a test started, with its output in a file.
///
/// `@unchecked Sendable`: `Process` is asked for its state from several threads, and started and
/// waited for from one.
final class ChildProcess: @unchecked Sendable {
  private let process = Process()
  let logPath: String

  /// - Parameters:
  ///   - terminal: its standard input, where `input` is `nil`.
  ///   - umask: an octal number such as `077`; `nil` leaves it as it is.
  ///   - isFresh: whether what the file `log` held before is forgotten.
  init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:],
    input: String? = nil, terminal: FileHandle? = nil, umask: String? = nil, log: String,
    isFresh: Bool = false
  ) throws {
    logPath = log
    if isFresh || !FileManager.default.fileExists(atPath: log) {
      try Data().write(to: URL(fileURLWithPath: log))
    }
    guard let output = FileHandle(forWritingAtPath: log) else {
      throw Trouble("cannot write \(log)")
    }
    output.seekToEndOfFile()
    if let umask {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "umask \(umask); exec \"$0\" \"$@\"", program] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
    }
    process.currentDirectoryURL = URL(fileURLWithPath: log).deletingLastPathComponent()
    let outside = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("POSTERN_") }
    process.environment = outside.merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = output
    if let input {
      let pipe = Pipe()
      process.standardInput = pipe
      // Before it starts: writing to one that has ended by then would be our own end (SIGPIPE).
      pipe.fileHandleForWriting.write(Data(input.utf8))
      try pipe.fileHandleForWriting.close()
      try process.run()
    } else {
      process.standardInput = terminal ?? FileHandle.nullDevice
      try process.run()
    }
    try output.close()
  }

  var id: pid_t { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

  func send(_ signal: Int32) {
    if process.isRunning { kill(id, signal) }
  }

  /// The exit status, or 128 and the signal's number.
  func waitForEnd(seconds: Double = 15) throws -> Int32 {
    guard eventually(within: seconds, { !self.process.isRunning }) else {
      throw Trouble("\(process.executableURL?.path ?? "") did not end within \(seconds) s")
    }
    let status = process.terminationStatus
    return process.terminationReason == .exit ? status : 128 + status
  }

  /// Ends it, by force where it does not by itself.
  func stop() {
    send(SIGTERM)
    if !eventually(within: 12, { !self.process.isRunning }) { send(SIGKILL) }
    _ = eventually(within: 5) { !self.process.isRunning }
  }
}

/// Waits until `condition` holds; returns whether it did in time.
func eventually(within seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while try !condition() {
    if ContinuousClock.now >= deadline { return false }
    usleep(5_000)
  }
  return true
}
