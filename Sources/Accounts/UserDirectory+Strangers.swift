public import ForeignInput

extension User {
  /// Passwords that strangers may get wrong one after the other (NIST SP 800-63B-4 §3.2.2). After
  /// that only known browsers sign in, until a password is set by a link or otherwise, or an
  /// operator enables the user.
  public static let strangersFailureLimit = 100

  public var isClosedToStrangers: Bool { (strangersFailures ?? 0) >= Self.strangersFailureLimit }
}

extension UserDirectory {
  /// Counts a password that a stranger got wrong. For an account that does not exist, a decoy's
  /// document is changed: the work is the same.
  /// - Parameters:
  ///   - user: as `candidate` found them; `nil` where there is none.
  ///   - account: the name that was sent, or its one form.
  /// - Returns: whether this one has closed the account to strangers.
  public func countStrangersFailure(at user: User?, called account: ForeignText) throws -> Bool {
    guard let user else {
      try documents.update(Decoy.self, Decoy.key(of: account)) { $0?.countFailure() }
      return false
    }
    var count = 0
    try update(user) { user in
      // A number that was written by hand may be the greatest there is.
      count = min(user.strangersFailures ?? 0, 999_999_999) + 1
      user.strangersFailures = count
    }
    return count == User.strangersFailureLimit
  }

  /// Forgets the strangers' failures, since the right password came. Once the account is closed to
  /// strangers, they are kept, also by the right password.
  /// - Returns: whether a stranger may sign in.
  public func forgiveStrangers(at user: User) throws -> Bool {
    guard user.strangersFailures != nil else { return true }
    var isClosed = false
    try update(user) { user in
      isClosed = user.isClosedToStrangers
      if !isClosed { user.strangersFailures = nil }
    }
    return !isClosed
  }
}
