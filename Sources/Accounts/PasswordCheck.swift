public import ForeignInput
public import FoundationEssentials

/// Looks at the passwords of accounts, no faster than the throttle allows.
public struct PasswordCheck: Sendable {
  /// For hashes of new passwords.
  public let hasher: PasswordHasher
  private let throttle: Throttle?

  /// - Parameter throttle: `nil` lets everybody try as often as they like.
  public init(hasher: PasswordHasher, throttle: Throttle?) {
    self.hasher = hasher
    self.throttle = throttle
  }

  /// Whether failures count.
  public var isThrottled: Bool { throttle != nil }

  public enum Verdict: Equatable, Sendable {
    case right
    case wrong
    /// The stored hash is none: no password can be right.
    case damagedHash
    /// Not looked at. May be tried again after so many whole seconds, at least 1.
    case tooSoon(wait: Int)
  }

  /// Counts the attempt, and takes it back where the password is right or cannot be looked at.
  ///
  /// - Parameters:
  ///   - password: `nil` for one that no user can have: wrong at once. Nothing is counted, since
  ///     nothing is guessed, and the store is not written to.
  ///   - account: the name that it is tried for, whether there is such an account or not.
  ///   - hash: the stored hash; `nil` where no sign-in is possible, which takes as long to refuse.
  /// - Throws: `PasswordHasherError`, `DocumentStoreError`
  public func verdict(
    on password: Password?, of account: ForeignText, by guesser: Guesser, against hash: String?,
    at time: Date
  ) throws -> Verdict {
    guard let password else { return .wrong }
    if let wait = try throttle?.admit(guesser, at: account, time: time) {
      return .tooSoon(wait: wait)
    }
    let verdict: PasswordHasher.Verdict
    do {
      verdict = try hasher.verify(password, against: hash, isKnown: guesser.isKnown)
    } catch {
      throttle?.takeBack(guesser, at: account, time: time)
      throw error
    }
    switch verdict {
    case .wrong: return .wrong
    case .damagedHash: return .damagedHash
    case .right:
      try throttle?.succeeded(guesser, at: account, time: time)
      return .right
    }
  }
}

extension Guesser {
  fileprivate var isKnown: Bool {
    if case .stranger = self { false } else { true }
  }
}
