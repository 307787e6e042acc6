import Foundation
import Glibc
import SystemCalls
import XCTest

/// strace(1), attached to all threads of a running process.
final class Tracer {
  let output: String
  private let process: pid_t
  private var isRunning = true

  /// Returns when all of the process's threads are being traced.
  init(_ traced: pid_t, _ options: [String], in folder: String) throws {
    let name = "\(folder)/strace-\(UUID().uuidString.prefix(8))"
    output = name
    let messages = try System.open("\(name).log", O_WRONLY | O_CREAT, mode: 0o600)
    process = try System.spawn(
      "/usr/bin/env",
      arguments: ["strace", "-f", "-o", output, "-p", String(traced)] + options,
      descriptors: [1: messages, 2: messages])
    for _ in 0..<5_000 {
      let text = (try? String(contentsOfFile: "\(name).log", encoding: .utf8)) ?? ""
      if text.contains("attached") { return }
      var status: Int32 = 0
      guard waitpid(process, &status, WNOHANG) == 0 else {
        isRunning = false
        throw NotTraceable(message: text)
      }
      usleep(1_000)
    }
  }

  deinit { stop() }

  /// Lets the process go on by itself, and waits until all that was traced is written.
  func stop() {
    guard isRunning else { return }
    isRunning = false
    kill(process, SIGTERM)
    var status: Int32 = 0
    for _ in 0..<1_000 {
      guard waitpid(process, &status, WNOHANG) == 0 else { return }
      usleep(1_000)
    }
    // Where one thread of a killed process has ended before the others, it waits for ever.
    kill(process, SIGKILL)
    waitpid(process, &status, 0)
  }

  /// All system calls, one a line.
  func lines() -> [String] {
    stop()
    return linesSoFar()
  }

  /// The system calls that are written down by now; the last may still be missing.
  func linesSoFar() -> [String] {
    let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  /// How often each kind of system call was made.
  func counts() -> [String: Int] {
    lines().reduce(into: [:]) { counts, line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count > 1, words[1].contains("("),
        let name = words[1].split(separator: "(").first.map(String.init), name != "restart_syscall"
      else { return }
      counts[name, default: 0] += 1
    }
  }
}

/// strace cannot trace here.
struct NotTraceable: Error, CustomStringConvertible {
  let message: String
  var description: String { "strace cannot attach to a worker: \(message)" }
}
