import ArgumentParser
import Glibc
import SystemCalls

struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Replace the workers of the running service one by one, without losing a request.",
    discussion: """
      The new ones have the settings, the keys and the program of now; the environment stays that \
      of the start. Waits until all are replaced. Where the settings, the keys or the program \
      cannot be used, the old workers stay. Reloads that are asked for at once are done one after \
      the other.

      The exit status is 0 where all workers are replaced, 1 where they stay as they are, with the \
      reason on standard error, and 3 where no postern runs.
      """)

  @Flag(help: "Do not wait for the outcome, which the service's log has as well.")
  var noWait = false

  @OptionGroup var settings: SettingsOptions

  /// As init scripts have it for a program that does not run.
  private static let notRunning = ExitCode(3)

  func run() throws {
    let run = try settings.load().run
    guard let process = try RunFolder.holder(run) else {
      printError("no postern runs in \(run)")
      throw Self.notRunning
    }
    guard !noWait, let outcome = try ControlSocket.ask(.reload, inFolder: run) else {
      System.send(SIGHUP, to: process)
      return print("process \(process) reloads; its log says what becomes of it")
    }
    switch outcome {
    case .done(let text): print(text)
    case .failed(let text):
      printError("reload \(text)")
      throw ExitCode.failure
    }
  }

  private func printError(_ text: String) {
    let line = "\(text)\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
  }
}
