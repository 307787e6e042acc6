import Logging
import Synchronization

/// Keeps lines that strangers can cause at will from filling the disk, and from driving all others out
/// of a log that bounds its rate itself: journald's takes 10,000 lines of a service in 30 s, and then
/// none, whatever they say.
///
/// Of lines with the same message, so many are written in a second; the next one that is written says
/// how many were not.
final class LineBudget: Sendable {
  /// Lines of one message in a second. An error says what an operator has to mend, such as which file
  /// is damaged, so of those there may be more.
  static func limit(_ level: Logger.Level) -> Int { level < .error ? 50 : 1_000 }
  /// Below it are lines that an operator asks for, such as one a request, and then wants all of.
  static let lowestLevel = Logger.Level.notice
  /// Messages that are counted apart. Postern's own are some fifty, without anything from outside.
  private static let messageLimit = 256

  private struct Count {
    var start: ContinuousClock.Instant
    var written = 0
    var skipped = 0
  }

  private let counts = Mutex<[String: Count]>([:])

  /// - Returns: how many lines of this message were left out before this one; `nil` where this one is
  ///   to be left out.
  func admit(
    _ message: String, _ level: Logger.Level, at time: ContinuousClock.Instant = .now
  ) -> Int? {
    guard level >= Self.lowestLevel else { return 0 }
    return counts.withLock { counts in
      let isKnown = counts[message] != nil || counts.count < Self.messageLimit
      var count = counts[isKnown ? message : ""] ?? Count(start: time)
      defer { counts[isKnown ? message : ""] = count }
      if time - count.start >= .seconds(1) { (count.start, count.written) = (time, 0) }
      guard count.written < Self.limit(level) else {
        count.skipped += 1
        return nil
      }
      count.written += 1
      defer { count.skipped = 0 }
      return count.skipped
    }
  }
}
