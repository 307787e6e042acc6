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
      reason on standard error, 3 where no postern runs, and 78 where this command cannot use the \
      settings either.

        postern reload
      """)

  @Flag(help: "Do not wait for the outcome, which the service's log has as well.")
  var noWait = false

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    let run = try settings.load().run
    switch try AskedReload(ofServiceIn: run, waits: !noWait) {
    case .done(let text): print(text)
    case .notAwaited(let process):
      print("process \(process) reloads; its log says what becomes of it")
    case .failed(let text):
      Output.complain("reload \(text)")
      throw ExitCode.failure
    case .notRunning:
      Output.complain("no postern runs in \(run)")
      throw ExitCode(ExitStatus.notRunning.rawValue)
    }
  }
}

/// What became of asking the service to reload.
enum AskedReload {
  case done(String)
  /// The workers stay as they are, and why.
  case failed(String)
  /// The service's process, whose log has the outcome.
  case notAwaited(pid_t)
  case notRunning

  /// - Parameter run: the run folder, which there may be none at.
  init(ofServiceIn run: String, waits: Bool = true) throws {
    guard try System.statusOfTarget(ofPath: run) != nil, let process = try RunFolder.holder(run)
    else {
      self = .notRunning
      return
    }
    guard waits, let outcome = try ControlSocket.ask(.reload, inFolder: run) else {
      System.send(SIGHUP, to: process)
      self = .notAwaited(process)
      return
    }
    switch outcome {
    case .done(let text): self = .done(text)
    case .failed(let text): self = .failed(text)
    }
  }
}
