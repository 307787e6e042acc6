public import FoundationEssentials
import SystemCalls

/// The rules for sessions. All times are in seconds.
public struct SessionPolicy: Equatable, Sendable {
  /// What a sign-in does that finds as many live sessions as there may be.
  public enum WhenFull: String, CaseIterable, Sendable {
    /// Removes them all and keeps only the new one.
    case reset
    /// Removes the one that was created first.
    case evictOldest = "evict-oldest"
  }

  /// Live sessions that a user may have, at least 1.
  public var limit: Int
  public var whenFull: WhenFull
  /// For how long a replaced refresh token is still answered; 0 turns that off.
  public var grace: TimeInterval
  /// How long a refresh token lives.
  public var refreshLifetime: Int
  /// How long a session lives, however often it is refreshed.
  public var sessionLifetime: Int

  public init(
    limit: Int = 5,
    whenFull: WhenFull = .reset,
    grace: TimeInterval = 30,
    refreshLifetime: Int = 30 * 86_400,
    sessionLifetime: Int = 90 * 86_400
  ) {
    self.limit = limit
    self.whenFull = whenFull
    self.grace = grace
    self.refreshLifetime = refreshLifetime
    self.sessionLifetime = sessionLifetime
  }

  /// A new refresh token, which never outlives its session.
  func refreshToken(at time: Date, endsAt: Date) -> RefreshTokenRecord {
    let issuedAt = wholeSeconds(time)
    let end = wholeSeconds(endsAt)
    return RefreshTokenRecord(
      id: System.randomID(),
      issuedAt: issuedAt,
      expiresAt: min(issuedAt + refreshLifetime, end))
  }
}

/// Seconds since 1970. Where a document was written by hand, its times may be any.
func wholeSeconds(_ time: Date) -> Int {
  let longest: TimeInterval = 1e15
  return Int(min(max(time.timeIntervalSince1970, -longest), longest).rounded(.down))
}
