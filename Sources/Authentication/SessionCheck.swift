public import Accounts
import DocumentStore
import HandlerKit
public import Sessions
import Tokens

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

  /// - Throws: `DocumentStoreError`
  func admits(_ claims: AccessClaims, to request: Request) throws -> Bool {
    if scope == .writes, request.method == .get || request.method == .head { return true }
    do {
      return try sessions.isLive(claims.sid, ofUser: claims.sub, at: request.time)
        && users.isActive(named: claims.user.username, id: claims.sub)
    } catch DocumentStoreError.invalidKey {
      return false
    }
  }
}
