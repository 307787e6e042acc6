import Authentication
public import HandlerKit
public import Logging
import SecurityEvents
public import Sessions
public import Tokens

/// `POST /logout`: ends the session of a refresh token.
public struct LogoutModule: HandlerModule {
  public static let name = "logout"

  private let sessions: SessionStore
  private let tokens: TokenIssuer
  private let logger: Logger

  public init(sessions: SessionStore, tokens: TokenIssuer, logger: Logger) {
    self.sessions = sessions
    self.tokens = tokens
    self.logger = logger
  }

  public var routes: [Route] {
    Route(.post, "/logout", signOut)
  }

  /// 204 for any token, known or not (RFC 7009 §2.2): the client has nothing left to do. Any token
  /// that was ever this session's will do, an expired one too.
  private func signOut(_ request: Request) throws -> Response {
    let fields = try BodyFields(of: request)
    let token = SentRefreshToken(in: fields, of: request)
    if let token, let claims = try? tokens.recognizeRefreshToken(token.text),
      try sessions.endSession(claims.sid, ofUser: claims.sub, at: request.time)
    {
      logger.record(
        .sessionEnded,
        [
          "request": "\(request.id)", "user": "\(claims.sub)", "session": "\(claims.sid)",
          "reason": "sign-out",
        ])
    }
    var response = Response(status: .noContent)
    if token?.isCookie == true { response.headers.append(HostCookie.refresh.clearing) }
    return response
  }
}
