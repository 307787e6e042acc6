public import CoreMetrics

extension CoreMetrics.Timer {
  /// Records the time from `start` to now.
  public func record(since start: ContinuousClock.Instant) {
    recordNanoseconds((.now - start).wholeNanoseconds)
  }
}

extension Duration {
  /// Rounded down. Up to nine seconds, which most are, without a division of 128 bits.
  public var wholeNanoseconds: Int64 {
    let attosecondsInANanosecond: Int64 = 1_000_000_000
    if let attoseconds = Int64(exactly: attoseconds) {
      return attoseconds / attosecondsInANanosecond
    }
    return Int64(clamping: attoseconds / Int128(attosecondsInANanosecond))
  }
}
