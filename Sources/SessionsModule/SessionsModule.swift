public import Accounts
public import Authentication
import FoundationEssentials
public import HandlerKit
public import Logging
import SecurityEvents
public import Sessions
public import Tokens

/// `/sessions`: where the caller is signed in, and how to end that.
public struct SessionsModule: HandlerModule {
  public static let name = "sessions"

  private let users: UserDirectory
  private let sessions: SessionStore
  private let bearer: BearerAuthenticator
  private let browsers: KnownBrowsers
  private let logger: Logger

  public init(
    users: UserDirectory, sessions: SessionStore, bearer: BearerAuthenticator,
    browsers: KnownBrowsers, logger: Logger
  ) {
    self.browsers = browsers
    self.logger = logger
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
    Route(.delete, "/sessions", for: bearer) { request, caller in
      guard
        try sessions.endOtherSessions(ofUser: caller.sub, by: caller.sid, at: request.time)
      else { throw HTTPError.invalidToken }
      logger.record(
        .sessionEnded,
        [
          "request": "\(request.id)", "user": "\(caller.sub)", "kept": "\(caller.sid)",
          "reason": "user",
        ])
      var response = Response(status: .noContent)
      guard let user = try users.activeUser(named: caller.user.username, id: caller.sub) else {
        return response
      }
      try users.forgetBrowsers(of: user)
      if request.isFromOwnOrigin {
        response.headers.append(
          try browsers.renewedCookie(
            forUser: user.id, generation: user.browserGeneration + 1, in: request))
      }
      return response
    }
    Route(.delete, "/sessions/{id}", for: bearer) { request, caller in
      let id = request.pathParameters["id"] ?? ""
      let outcome = try sessions.endSession(
        id.utf8.count <= Self.longestID ? id : "", ofUser: caller.sub, by: caller.sid,
        at: request.time)
      switch outcome {
      case .ended:
        logger.record(
          .sessionEnded,
          [
            "request": "\(request.id)", "user": "\(caller.sub)", "session": "\(id)",
            "reason": "user",
          ])
        return Response(status: .noContent)
      case .unknown: throw HTTPError.notFound
      case .callerEnded: throw HTTPError.invalidToken
      }
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
