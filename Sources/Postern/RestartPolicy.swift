/// How long to wait before a worker that died is replaced.
///
/// At once, as a rule. But one that falls over by itself soon after its start, time and again,
/// would only burn the machine: 1, 2, 4 … 30 seconds then.
struct RestartPolicy {
  private var failures = 0

  /// A worker that lived for so long had started well.
  private static let goodLife = Duration.seconds(10)
  private static let longestPause = 30

  /// - Parameter wasAsked: whether somebody ended it with SIGKILL or SIGTERM: no fault of its own.
  /// - Returns: the pause before the next start.
  mutating func pause(afterLife life: Duration, wasAsked: Bool) -> Duration {
    if wasAsked || life >= Self.goodLife {
      failures = 0
      return .zero
    }
    failures += 1
    return failures == 1 ? .zero : .seconds(min(1 << min(failures - 2, 5), Self.longestPause))
  }
}
