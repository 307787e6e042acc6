import FoundationEssentials

/// A refresh token as it is presented, its signature and its `exp` already found good.
public struct PresentedToken: Equatable, Sendable {
  public let session: String
  public let id: String
  public let fingerprint: String?
  /// What the client made at random for this request before it sent it, and sends again when it
  /// repeats the request: only who asked first knows it.
  public let attempt: String?

  public init(session: String, id: String, fingerprint: String?, attempt: String? = nil) {
    self.session = session
    self.id = id
    self.fingerprint = fingerprint
    self.attempt = attempt
  }
}

/// What a refresh does to the session.
public enum RefreshDecision: Equatable, Sendable {
  /// The current token: it gets a successor.
  case rotate
  /// A token that was replaced within the grace: the answer was lost, or two asked at once. Or, at
  /// any time, the token that the current one replaced, by the attempt that replaced it: the current
  /// one has not been used. It is given the current token again, and nothing changes.
  case replay
  /// Any other token of the session: somebody else has it too. The session ends.
  case reuse
  /// The fingerprint of the sign-in did not come with it. Nothing changes.
  case fingerprintDiffers
  /// The user has sessions, but not this one.
  case unknownSession
  /// The user has no live session at all.
  case noSession
}

extension UserSessions {
  /// By how many seconds a request may be older than the replacement of its token: it waited for
  /// its turn, or the clock was set back a little.
  private static let clockTolerance: TimeInterval = 30

  /// The whole decision, from nothing but the record, the token and the time.
  public func decision(
    on token: PresentedToken, at time: Date, policy: SessionPolicy
  ) -> RefreshDecision {
    guard let session = sessions.first(where: { $0.id == token.session && $0.isLive(at: time) })
    else { return sessions.contains { $0.isLive(at: time) } ? .unknownSession : .noSession }
    if let expected = session.fingerprint, expected != token.fingerprint.map(digest) {
      return .fingerprintDiffers
    }
    if session.current.id == token.id { return .rotate }
    guard let replaced = session.recent.first(where: { $0.id == token.id }) else { return .reuse }
    if let attempt = replaced.attempt, attempt == token.attempt.map(digest) { return .replay }
    let age = time.timeIntervalSince(replaced.replacedAt)
    return age < policy.grace && age > -Self.clockTolerance && policy.grace > 0 ? .replay : .reuse
  }
}
