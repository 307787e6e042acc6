public import Accounts
import FoundationEssentials
public import HandlerKit
public import Sessions
public import Tokens

/// `/sessions`: where the caller is signed in, and how to end that.
public struct SessionsModule: HandlerModule {
  public static let name = "sessions"

  private let users: UserDirectory
  private let sessions: TokenStore
  private let bearer: BearerAuthenticator

  public init(users: UserDirectory, sessions: TokenStore, bearer: BearerAuthenticator) {
    self.users = users
    self.sessions = sessions
    self.bearer = bearer
  }

  /// Ids are UUIDs. Nothing longer is compared with one.
  private static let longestID = 36

  public var routes: [Route] {
    Route(.get, "/sessions", for: bearer) { request, caller in
      let live = try sessions.sessions(ofUser: caller.sub, at: request.time)
      return try .json(live.map { PublicSession($0, isCurrent: $0.id == caller.sid) })
    }
    Route(.delete, "/sessions", for: bearer) { _, caller in
      if let user = try users.activeUser(named: caller.user.username, id: caller.sub) {
        try users.forgetBrowsers(of: user)
      }
      try sessions.endSessions(ofUser: caller.sub, except: caller.sid)
      return Response(status: .noContent)
    }
    Route(.delete, "/sessions/{id}", for: bearer) { request, caller in
      let id = request.pathParameters["id"] ?? ""
      guard id.utf8.count <= Self.longestID,
        try sessions.endSession(id, ofUser: caller.sub, at: request.time)
      else {
        throw HTTPError.notFound
      }
      return Response(status: .noContent)
    }
  }
}

/// A session as the HTTP interface shows it.
private struct PublicSession: Encodable {
  let id: String
  /// Whether it is the one that asks.
  let current: Bool
  let createdAt, lastUsedAt, expiresAt: Date
  let userAgent, address: String

  init(_ session: Session, isCurrent: Bool) {
    id = session.id
    current = isCurrent
    createdAt = session.createdAt
    lastUsedAt = session.lastUsedAt
    expiresAt = Date(timeIntervalSince1970: TimeInterval(session.current.expiresAt))
    userAgent = session.userAgent
    address = session.address
  }
}
