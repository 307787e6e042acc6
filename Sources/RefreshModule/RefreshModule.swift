public import Accounts
import Authentication
import ForeignInput
public import HandlerKit
public import Logging
import SecurityEvents
public import Sessions
public import Tokens

/// `POST /refresh-token`: a refresh token for its successor and a new access token.
public struct RefreshModule: HandlerModule {
  public static let name = "refresh"

  private let users: UserDirectory
  private let sessions: SessionStore
  private let tokens: TokenIssuer
  private let logger: Logger

  public init(users: UserDirectory, sessions: SessionStore, tokens: TokenIssuer, logger: Logger) {
    self.users = users
    self.sessions = sessions
    self.tokens = tokens
    self.logger = logger
  }

  public var routes: [Route] {
    Route(.post, "/refresh-token", refresh)
  }

  private func refresh(_ request: Request) throws -> Response {
    let fields = try BodyFields(of: request)
    guard let token = SentRefreshToken(in: fields, of: request),
      fields["fingerprint"] != nil || !fields.contains("fingerprint")
    else { throw HTTPError.accessForbidden }
    let attempt = try attempt(in: fields)
    let claims: RefreshClaims
    do throws(HTTPError) {
      claims = try verified(token.text, request)
    } catch {
      recordRefusal(error, request)
      throw error
    }

    let outcome = try sessions.refresh(
      ofUser: claims.sub,
      with: PresentedToken(
        session: claims.sid, id: claims.jti,
        fingerprint: fields["fingerprint"]?.string(limit: Device.longestFingerprint),
        attempt: attempt),
      at: request.time,
      owner: { username in try users.activeUser(named: username, id: claims.sub) },
      passwordGeneration: { $0.passwordGeneration })

    switch outcome {
    case .refreshed(let user, let session, let isReplay):
      record(isReplay ? .refreshReplayed : .refreshRotated, claims, request)
      let issued = try tokens.tokens(
        for: .init(id: user.id, email: user.profile.email, username: user.username),
        groups: user.groups,
        session: session.id,
        refresh: (session.current.id, session.current.issuedAt, session.current.expiresAt),
        at: request.time)
      var response = try issued.response(
        inCookie: token.isCookie, maxAge: session.cookieAge(at: request.time))
      response.session = session.id
      return response
    case .reuse:
      record(.refreshReused, claims, request)
      record(.sessionEnded, claims, request, reason: "reuse")
      throw HTTPError.refreshTokenWrong
    case .fingerprintDiffers:
      record(.refreshFingerprint, claims, request)
      throw HTTPError.accessForbidden
    case .unknownSession: throw refusal(.refreshTokenWrong, claims, request)
    case .noSession: throw refusal(.noRefreshToken, claims, request)
    case .noOwner: throw refusal(.accessForbidden, claims, request)
    }
  }

  private func refusal(
    _ error: HTTPError, _ claims: RefreshClaims, _ request: Request
  ) -> HTTPError {
    record(.refreshRefused, claims, request, reason: error.code)
    return error
  }

  private func recordRefusal(_ error: HTTPError, _ request: Request) {
    logger.record(
      .refreshRefused,
      [
        "request": "\(request.id)", "address": "\(request.remoteAddress)",
        "reason": "\(error.code)",
      ])
  }

  private func record(
    _ event: SecurityEvent, _ claims: RefreshClaims, _ request: Request, reason: String? = nil
  ) {
    logger.record(
      event,
      [
        "request": "\(request.id)", "user": "\(claims.sub)", "session": "\(claims.sid)",
        "address": "\(request.remoteAddress)",
      ].merging(reason.map { ["reason": "\($0)"] } ?? [:]) { $1 })
  }

  /// 16 to 64 characters of base64url; `nil` where none came.
  private func attempt(in fields: BodyFields) throws(HTTPError) -> String? {
    guard fields.contains("attempt") else { return nil }
    guard let attempt = fields["attempt"]?.string(limit: 64), attempt.utf8.count >= 16,
      attempt.utf8.allSatisfy(isBase64URL)
    else { throw .invalidData }
    return attempt
  }

  /// Nothing is looked up in the store for a token that no key of ours signed.
  private func verified(_ token: ForeignText, _ request: Request) throws(HTTPError) -> RefreshClaims
  {
    do {
      return try tokens.verifyRefreshToken(token, at: request.time)
    } catch {
      switch error {
      case .malformed: throw .forbidden("jwt_malformed", "jwt malformed")
      case .otherType, .invalidSignature: throw .forbidden("invalid_signature", "invalid signature")
      case .expired: throw .forbidden("jwt_expired", "jwt expired")
      }
    }
  }
}

/// RFC 4648 §5.
private func isBase64URL(_ character: UInt8) -> Bool {
  switch character {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
    true
  default: false
  }
}

extension HTTPError {
  fileprivate static let accessForbidden = forbidden("access_forbidden", "Access is forbidden")
  fileprivate static let refreshTokenWrong = forbidden("session_gone", "Refresh token is wrong")
  fileprivate static let noRefreshToken = forbidden(
    "no_session", "There is no refresh token for the user")

  fileprivate static func forbidden(_ code: String, _ message: String) -> HTTPError {
    HTTPError(.forbidden, code: code, message: message)
  }
}
