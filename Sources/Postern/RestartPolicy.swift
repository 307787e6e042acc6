import Glibc
import SystemCalls

/// How long to wait before a worker that ended is replaced.
///
/// At once, as a rule. But one that fails by itself soon after each start would only use up the
/// machine: 1, 2, 4 … 30 seconds then. So would one that gets SIGKILL before it has served, time
/// after time: that is the kernel, out of memory.
struct RestartPolicy {
  private var failures = 0

  /// A worker that lived for so long had started well.
  private static let goodLife = Duration.seconds(10)
  /// One that was killed after so long had served: the kill did not keep it from starting.
  private static let usefulLife = Duration.milliseconds(250)
  private static let longestPause = 30

  /// The longest pause where there is no other worker. One that served before it ended will probably
  /// serve again; one that did not needs the operator, or a cause that passes.
  static func longestPauseOfLast(wasReady: Bool) -> Duration {
    wasReady ? .milliseconds(250) : .seconds(4)
  }

  /// - Returns: the pause before the next start.
  mutating func pause(after end: ProcessEnd, life: Duration) -> Duration {
    guard Self.isFailure(end, life) else {
      failures = 0
      return .zero
    }
    failures += 1
    let excused = end == .killed(signal: SIGKILL) ? 5 : 1
    return failures <= excused
      ? .zero : .seconds(min(1 << min(failures - excused - 1, 5), Self.longestPause))
  }

  private static func isFailure(_ end: ProcessEnd, _ life: Duration) -> Bool {
    switch end {
    // It was asked to end.
    case .exited(status: 0), .killed(signal: SIGTERM): false
    case .killed(signal: SIGKILL): life < usefulLife
    default: life < goodLife
    }
  }
}
