import SystemCalls

/// What an import may do to users that there are already.
public enum ImportScope: Sendable {
  /// It adds users, and changes none.
  case newUsers
  /// It also changes profiles, groups and whether a user is disabled, and no password: that may have
  /// been changed, or its hash renewed, since the file was written.
  case changes
  /// It also sets the passwords.
  case passwords
}

/// What became of one user of a file.
public enum ImportOutcome: Equatable, Sendable {
  case added
  case updated
  case unchanged
  case refused(ImportRefusal)
}

/// Why one user of a file was left out.
public enum ImportRefusal: String, Equatable, Sendable, CustomStringConvertible {
  case differs = "there is a user of this name already, who differs"
  case otherID = "there is a user of this name already, with another id"
  case noEmail = "email is missing"
  case busy = "somebody else changed this user at this moment; try again"

  public var description: String { rawValue }
}

extension UserDirectory {
  /// Adds or changes the user of a record, as far as the scope allows. Nothing is written where
  /// nothing changes.
  ///
  /// - Parameters:
  ///   - hash: of the password: for a new user, and in the scope `passwords`; `nil` leaves that of
  ///     a user as it is.
  ///   - isDryRun: tells the outcome and changes nothing.
  ///   - endSessions: called with the user's id before the password is changed; as `prepare` of
  ///     `changePassword`.
  public func put(
    _ record: UserRecord, passwordHash hash: String?, in scope: ImportScope, isDryRun: Bool = false,
    endSessions: (String) throws -> Void = { _ in }
  ) throws -> ImportOutcome {
    let newID = record.id ?? System.randomID()
    // A file that is imported again changes little: reading costs no sync.
    var user = try user(named: record.username)
    let outcome = Self.put(record, hash, in: scope, newID: newID, to: &user)
    guard !isDryRun, outcome == .added || outcome == .updated else { return outcome }
    return try change(record.username) { user in
      let before = user
      let outcome = Self.put(record, hash, in: scope, newID: newID, to: &user)
      if let user, let before, user.passwordGeneration != before.passwordGeneration {
        try endSessions(user.id)
      }
      return outcome
    }
  }

  private static func put(
    _ record: UserRecord, _ hash: String?, in scope: ImportScope, newID: String,
    to stored: inout User?
  ) -> ImportOutcome {
    guard var user = stored else {
      guard let email = record.profile[.email] else { return .refused(.noEmail) }
      // Where it is missing, there was the user a moment ago.
      guard let hash else { return .refused(.busy) }
      var user = User(
        id: newID, username: record.username.text, profile: .init(email: email),
        passwordHash: hash)
      record.apply(to: &user)
      stored = user
      return .added
    }
    guard record.id == nil || record.id == user.id else { return .refused(.otherID) }
    record.apply(to: &user)
    if scope == .passwords, let hash, hash != user.passwordHash {
      user.passwordHash = hash
      user.passwordGeneration &+= 1
    }
    guard user != stored else { return .unchanged }
    guard scope != .newUsers else { return .refused(.differs) }
    stored = user
    return .updated
  }
}
