public import Accounts
import DocumentStore
public import FoundationEssentials
import HandlerKit
public import Sessions
public import Tokens

/// Asks the store whether the session of an access token is live, and its user active: so a token
/// ends with its session, not only with its lifetime.
public struct SessionCheck: Sendable {
  /// Which requests are checked.
  public enum Scope: String, CaseIterable, Sendable {
    case always
    /// All but GET and HEAD, which are then admitted for as long as the token lives.
    case writes
  }

  private let sessions: SessionStore
  private let users: UserDirectory
  private let scope: Scope

  public init(sessions: SessionStore, users: UserDirectory, scope: Scope) {
    self.sessions = sessions
    self.users = users
    self.scope = scope
  }

  func covers(_ request: Request) -> Bool {
    scope == .always || request.method != .get && request.method != .head
  }

  /// The user of an access token, as the store has them now; `nil` where the session has ended or
  /// the user may not sign in any longer. Asks whatever the scope.
  /// - Throws: `DocumentStoreError`
  public func user(of claims: AccessClaims, at time: Date) throws -> User? {
    try unlessInvalidKey {
      guard let user = try users.activeUser(named: claims.user.username, id: claims.sub),
        try sessions.isLive(
          claims.sid, ofUser: claims.sub, passwordGeneration: user.passwordGeneration, at: time)
      else { return nil }
      return user
    }
  }

  /// The user of a refresh token, and what a refresh would decide on it now; `nil` where the session
  /// has ended or the user may not sign in any longer. Nothing changes, whatever the token.
  /// - Throws: `DocumentStoreError`
  public func inspect(
    _ claims: RefreshClaims, at time: Date
  ) throws -> (decision: RefreshDecision, owner: User)? {
    try unlessInvalidKey {
      try sessions.inspect(
        ofUser: claims.sub,
        with: PresentedToken(session: claims.sid, id: claims.jti, fingerprint: nil),
        at: time,
        owner: { username in try users.activeUser(named: username, id: claims.sub) },
        passwordGeneration: { $0.passwordGeneration })
    }
  }

  private func unlessInvalidKey<Value>(_ look: () throws -> Value?) throws -> Value? {
    do {
      return try look()
    } catch DocumentStoreError.invalidKey {
      return nil
    }
  }
}
