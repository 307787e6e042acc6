/// What a simulation came to.
public struct Tally: Equatable, Sendable {
  public var deviceDays = 0.0
  public var refreshes = 0
  public var signIns = 0
  /// Sign-outs by a refusal that nothing accounts for.
  public var accidents = 0
  public var causes: [Cause: Int] = [:]
  /// Sign-outs by a refusal, for a reason that is the rules' own.
  public var reasons: [Reason: Int] = [:]
  public var thefts: [Theft.Loot: TheftTally] = [:]
  /// The first few accidents.
  public var traces: [Trace] = []

  static let mostTraces = 3

  /// What an accident came of: which request ended the session, and where its tokens are kept.
  public struct Cause: Hashable, Sendable {
    public let keeper: Keeper
    /// Whether the client had given it up, or its page was left, when it came to the server.
    public let isLateCopy: Bool

    public init(keeper: Keeper, isLateCopy: Bool) {
      self.keeper = keeper
      self.isLateCopy = isLateCopy
    }
  }

  public enum Reason: String, CaseIterable, Sendable {
    case asked = "signed out by the person"
    case absence = "absent for longer than a token lives"
    case end = "90 days since the sign-in"
    case limit = "more devices than sessions"
    case theft = "a thief was found, or came first"
  }

  mutating func add(_ other: Tally) {
    deviceDays += other.deviceDays
    refreshes += other.refreshes
    signIns += other.signIns
    accidents += other.accidents
    causes.merge(other.causes, uniquingKeysWith: +)
    reasons.merge(other.reasons, uniquingKeysWith: +)
    thefts.merge(other.thefts) { $0.adding($1) }
    traces += other.traces.prefix(Self.mostTraces - traces.count)
  }

  /// Of all loot together.
  public var allThefts: TheftTally { thefts.values.reduce(TheftTally()) { $0.adding($1) } }
}

/// What became of thefts.
public struct TheftTally: Equatable, Sendable {
  /// Never used.
  public var unused = 0
  /// Used when the session was over, or the token had expired.
  public var tooLate = 0
  /// Refused at the first use, and the session ended by it.
  public var detectedAtOnce = 0
  /// Refused at each use, and nobody noticed.
  public var fendedOff = 0
  /// The thief got in, and the session was ended later on because there were two.
  public var detected = 0
  /// The thief got in, and so did the owner and again the thief, or the owner was signed out and the
  /// thief was not.
  public var missed = 0
  /// The thief got in, and the session ended before the two could be told apart: one of them did not
  /// come again.
  public var untold = 0
  /// From the thief's first success to the end of the session, in seconds; sorted.
  public var times: [Double] = []

  public var count: Int {
    unused + tooLate + detectedAtOnce + fendedOff + detected + missed + untold
  }

  /// Those that could be detected.
  public var detectable: Int { detected + detectedAtOnce + missed + fendedOff }

  /// Of the thefts that could be detected, those that were; `nil` where there were none.
  public var share: Double? {
    detectable == 0 ? nil : Double(detected + detectedAtOnce) / Double(detectable)
  }

  /// - Parameter part: 0 to 1.
  public func time(_ part: Double) -> Double? {
    times.isEmpty ? nil : times[Int((Double(times.count - 1) * part).rounded())]
  }

  func adding(_ other: TheftTally) -> TheftTally {
    var sum = self
    sum.unused += other.unused
    sum.tooLate += other.tooLate
    sum.detectedAtOnce += other.detectedAtOnce
    sum.fendedOff += other.fendedOff
    sum.detected += other.detected
    sum.missed += other.missed
    sum.untold += other.untold
    sum.times = (times + other.times)
    return sum
  }
}
