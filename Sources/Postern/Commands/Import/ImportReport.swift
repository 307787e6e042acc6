import ArgumentParser
import Synchronization

/// Counts what becomes of the records of a file, and names those that are refused, on standard error.
final class ImportReport: Sendable {
  enum Outcome: Equatable, Sendable {
    case added, updated, unchanged
    case refused(String)
  }

  private struct State {
    var added = 0
    var updated = 0
    var unchanged = 0
    var refused = 0
    var bar = ProgressBar(isShown: false, total: 0)
  }

  private let state = Mutex(State())

  /// From now on each outcome moves a bar, where standard error is a terminal.
  func showProgress(total: Int) {
    state.withLock { $0.bar = ProgressBar(isShown: true, total: total) }
  }

  func note(_ outcome: Outcome, line: Int) {
    state.withLock { state in
      switch outcome {
      case .added: state.added += 1
      case .updated: state.updated += 1
      case .unchanged: state.unchanged += 1
      case .refused(let reason):
        state.refused += 1
        state.bar.clear()
        Output.complain("line \(line): \(reason)")
      }
      state.bar.advance()
    }
  }

  /// Prints the counts.
  /// - Throws: `ExitCode.failure` where anything was refused.
  func finish() throws {
    let isComplete = state.withLock { state in
      state.bar.clear()
      print(
        "added \(state.added), updated \(state.updated), unchanged \(state.unchanged), "
          + "refused \(state.refused)")
      return state.refused == 0
    }
    if !isComplete { throw ExitCode.failure }
  }
}
