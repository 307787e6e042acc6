import ArgumentParser
import DocumentStore
import Glibc
import Tokens

/// What commands end with: the numbers that scripts and systemd go by, as sysexits.h has them.
enum ExitStatus: Int32, CaseIterable {
  case success = 0
  case failure = 1
  case notRunning = 3
  case usage = 64
  case tryAgain = 75
  case configuration = 78

  var meaning: String {
    switch self {
    case .success: "done; nothing bad found"
    case .failure: "failed, or found something bad; standard error says what"
    case .notRunning: "no service runs (reload, status)"
    case .usage: "the command line cannot be used"
    case .tryAgain: "the store is busy, or the service did not take new keys: trying again helps"
    case .configuration: "a setting, keys.json or a folder cannot be used"
    }
  }

  /// One a line, for `--help`.
  static var table: String {
    allCases.map { status in
      let number = String(status.rawValue)
      return "  \(number)\(String(repeating: " ", count: 4 - number.count))\(status.meaning)"
    }.joined(separator: "\n")
  }

  /// `nil` where ArgumentParser knows best: its own errors, and commands that chose a status.
  init?(of error: any Error) {
    switch error {
    case is ConfigurationError, is KeyFileError: self = .configuration
    case DocumentStoreError.busy: self = .tryAgain
    default: return nil
    }
  }
}

extension ParsableCommand {
  /// Runs the command line to its end, and exits with an `ExitStatus`.
  static func runToExit() -> Never {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard let status = ExitStatus(of: error) else { exit(withError: error) }
      let message = fullMessage(for: error) + "\n"
      _ = write(STDERR_FILENO, message, message.utf8.count)
      Glibc.exit(status.rawValue)
    }
    Glibc.exit(ExitStatus.success.rawValue)
  }
}
