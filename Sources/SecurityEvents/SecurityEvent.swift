public import Logging

/// What happened to an account, a session or a key, under names that do not change: programs that
/// read the log go by them. `Docs/events.md` says what each means and which fields it has.
public enum SecurityEvent: String, CaseIterable, Sendable {
  case loginSucceeded = "login.succeeded"
  case loginFailed = "login.failed"
  case loginThrottled = "login.throttled"
  case refreshRotated = "refresh.rotated"
  case refreshReplayed = "refresh.replayed"
  case refreshReused = "refresh.reused"
  case refreshFingerprint = "refresh.fingerprint"
  case refreshRefused = "refresh.refused"
  case sessionEnded = "session.ended"
  case passwordChanged = "password.changed"
  case passwordRefused = "password.refused"
  case userAdded = "user.added"
  case userDisabled = "user.disabled"
  case userEnabled = "user.enabled"
  case userDeleted = "user.deleted"
  case keyAdded = "key.added"
  case keyRotated = "key.rotated"
  case keyRetired = "key.retired"
  case verifyRefused = "verify.refused"

  /// How much it matters. What clients in good health cause all the time is not in the log, unless
  /// somebody wants to see it.
  public var level: Logger.Level {
    switch self {
    case .refreshReused: .warning
    case .loginFailed, .loginThrottled, .refreshFingerprint, .passwordChanged, .passwordRefused,
      .userAdded, .userDisabled, .userEnabled, .userDeleted, .keyAdded, .keyRotated, .keyRetired:
      .notice
    case .loginSucceeded, .sessionEnded: .info
    case .refreshRotated, .refreshReplayed, .refreshRefused, .verifyRefused: .debug
    }
  }

  /// What a person reads. Programs go by the name.
  public var message: String {
    switch self {
    case .loginSucceeded: "signed in"
    case .loginFailed: "sign-in refused"
    case .loginThrottled: "sign-in refused, too many attempts"
    case .refreshRotated: "refresh token rotated"
    case .refreshReplayed: "refresh token given again"
    case .refreshReused: "refresh token reused, session revoked"
    case .refreshFingerprint: "refresh refused, fingerprint differs"
    case .refreshRefused: "refresh refused"
    case .sessionEnded: "session ended"
    case .passwordChanged: "password changed"
    case .passwordRefused: "change of password refused"
    case .userAdded: "user added"
    case .userDisabled: "user disabled"
    case .userEnabled: "user enabled"
    case .userDeleted: "user deleted"
    case .keyAdded: "key added"
    case .keyRotated: "keys rotated"
    case .keyRetired: "key retired"
    case .verifyRefused: "visitor refused"
    }
  }
}
