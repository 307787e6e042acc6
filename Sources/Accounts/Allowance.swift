import FoundationEssentials

/// How many failures cost nothing, and how fast they are forgotten.
enum Allowance: String, Codable, Sendable {
  /// Of one address at one account: 20 in any hour.
  case addressAtAccount
  /// Of all strange addresses together at one account: 100 in any hour, 96 of them at once.
  case strangersAtAccount
  /// Of one address at whatever accounts.
  case address
  /// Of one known browser, or of one session, at its own account.
  case known

  var free: Double {
    switch self {
    case .addressAtAccount, .known: 20
    case .strangersAtAccount: 96
    case .address: 100
    }
  }

  /// Until one failure is forgotten, in seconds.
  var pace: TimeInterval {
    switch self {
    case .addressAtAccount: 3600
    case .strangersAtAccount: 900
    case .address: 36
    case .known: 180
    }
  }
}

/// Failures that are forgotten one after the other.
struct FailureCount: Codable, Equatable, Sendable {
  /// A keyed digest: it tells neither the account nor the address.
  let name: String
  let allowance: Allowance
  /// As of `last`. Of a failure that is half forgotten, one half.
  private var count: Double = 0
  private var last: Date

  init(_ name: String, _ allowance: Allowance, at time: Date) {
    self.name = name
    self.allowance = allowance
    last = time
  }

  /// What is not forgotten at `time`. Where the clock was set back, nothing is forgotten.
  func count(at time: Date) -> Double {
    max(0, count - max(0, time.timeIntervalSince(last)) / allowance.pace)
  }

  /// The share of the allowance that is used up at `time`.
  func use(at time: Date) -> Double { count(at: time) / allowance.free }

  /// How many seconds to wait from `time` until one more may fail; `nil` where it may now.
  func wait(at time: Date) -> TimeInterval? {
    let excess = count(at: time) + 1 - allowance.free
    // Numbers of seconds are not exact: a millionth of a failure is none.
    return excess > 1e-6 ? excess * allowance.pace : nil
  }

  mutating func add(_ failures: Double, at time: Date) {
    count = max(0, count(at: time) + failures)
    last = time
  }

  /// After a clock that was set back, nobody waits for it to catch up.
  mutating func followClock(to time: Date) {
    if last > time { last = time }
  }
}
