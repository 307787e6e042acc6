import FoundationEssentials

/// How many failures cost nothing, and how fast they are forgotten.
struct Allowance: Sendable {
  let free: Double
  /// Until one failure is forgotten, in seconds.
  let pace: TimeInterval

  /// A right password's attempt stays counted while no more than this is, until it is forgotten
  /// like a failure: taking it back would be one more durable update.
  var leftover: Double { free / 5 }

  /// Of one address at one account: 20 in any hour.
  static let addressAtAccount = Allowance(free: 20, pace: 3600)
  /// Of all strange addresses together at one account: 100 in any hour, 96 of them at once.
  static let strangersAtAccount = Allowance(free: 96, pace: 900)
  /// Of one address at whatever accounts.
  static let address = Allowance(free: 100, pace: 36)
  /// Of one known browser, or of one session, at its own account.
  static let known = Allowance(free: 20, pace: 180)
}

/// Failures that are forgotten one after the other.
struct FailureCount: Codable, Equatable, Sendable {
  /// As of `last`. Of a failure that is half forgotten, one half.
  private var count: Double = 0
  /// Seconds since 1970.
  private var last: Double = 0

  /// By how many seconds a request may be older than the one that was counted last, since it has
  /// waited. When it is more, the clock was set back, and counting goes on from the new time.
  private static let clockTolerance: TimeInterval = 60

  /// What is not forgotten at `time`.
  func count(at time: Date, _ allowance: Allowance) -> Double {
    max(0, count - max(0, time.timeIntervalSince1970 - last) / allowance.pace)
  }

  /// How many seconds to wait from `time` until one more may fail; `nil` where it may now.
  func wait(at time: Date, _ allowance: Allowance) -> TimeInterval? {
    let excess = count(at: time, allowance) + 1 - allowance.free
    // Numbers of seconds are not exact: a millionth of a failure is none.
    guard excess > 1e-6 else { return nil }
    let ahead = last - time.timeIntervalSince1970
    return excess * allowance.pace + (isAhead(of: time) ? 0 : max(0, ahead))
  }

  /// Whether the clock was set back since the last failure. Then it is not known how long ago that
  /// was; `followClock` takes it to have been at the new time.
  func isAhead(of time: Date) -> Bool { last > time.timeIntervalSince1970 + Self.clockTolerance }

  mutating func followClock(to time: Date) {
    if isAhead(of: time) { last = time.timeIntervalSince1970 }
  }

  mutating func add(_ failures: Double, at time: Date, _ allowance: Allowance) {
    count = max(0, count(at: time, allowance) + failures)
    followClock(to: time)
    last = max(last, time.timeIntervalSince1970)
  }

  /// Whether everything is forgotten at `time`.
  func isEmpty(at time: Date, _ allowance: Allowance) -> Bool {
    count(at: time, allowance) < 1e-6
  }
}
