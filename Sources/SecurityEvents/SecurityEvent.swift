public import Logging

/// What happened to an account, a session or a key, under names that do not change: programs that
/// read the log go by them.
public enum SecurityEvent: String, CaseIterable, Sendable {
  case loginSucceeded = "login.succeeded"
  case loginFailed = "login.failed"
  case loginThrottled = "login.throttled"
  case refreshRotated = "refresh.rotated"
  case refreshReplayed = "refresh.replayed"
  case refreshReused = "refresh.reused"
  case refreshFingerprint = "refresh.fingerprint"
  case sessionEnded = "session.ended"
  case passwordChanged = "password.changed"
  case userAdded = "user.added"
  case userDisabled = "user.disabled"
  case userEnabled = "user.enabled"
  case userDeleted = "user.deleted"
  case keyAdded = "key.added"
  case keyRotated = "key.rotated"
  case keyRetired = "key.retired"
  case verifyRefused = "verify.refused"
}

extension Logger {
  /// Writes `event` as one line, with its name as the field `event`.
  /// - Parameter metadata: ids and addresses; never a token, a password or a name.
  public func record(
    _ event: SecurityEvent, level: Level = .notice, _ metadata: Metadata = [:]
  ) {
    log(
      level: level, "\(event.rawValue)",
      metadata: metadata.merging(["event": "\(event.rawValue)"]) { $1 })
  }
}
