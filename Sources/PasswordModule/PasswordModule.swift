public import Accounts
public import Authentication
import ForeignInput
public import HandlerKit
public import Logging
import SecurityEvents
public import Sessions
public import Tokens

/// `POST /password`: a new password for the caller, and the end of all their other sessions.
/// `GET /password-policy`: what a new password must be, for pages that say so.
public struct PasswordModule: HandlerModule {
  public static let name = "password"

  private let users: UserDirectory
  private let check: PasswordCheck
  private let policy: PasswordPolicy
  private let sessions: SessionStore
  private let bearer: BearerAuthenticator
  private let browsers: KnownBrowsers
  private let logger: Logger

  public init(
    users: UserDirectory,
    check: PasswordCheck,
    policy: PasswordPolicy,
    sessions: SessionStore,
    bearer: BearerAuthenticator,
    browsers: KnownBrowsers,
    logger: Logger
  ) {
    self.users = users
    self.check = check
    self.policy = policy
    self.sessions = sessions
    self.bearer = bearer
    self.browsers = browsers
    self.logger = logger
  }

  public var routes: [Route] {
    Route(.post, "/password", for: bearer, change)
    Route(.get, "/password-policy") { _ in
      try .json(PublicPolicy(minimumLength: policy.minimumLength))
    }
  }

  /// The sessions are ended before, so that a change which breaks off in the middle has not left
  /// any alive, but only where it is sure that no other change has come first. And they are ended
  /// again at the end: a sign-in that is under way with the old password is ended then, or finds
  /// that its password is no longer right.
  ///
  /// Where another change has come first, the current password may still be right: two tabs change
  /// it to the same one. So it is looked at once more.
  private func change(_ request: Request, for caller: AccessClaims) throws -> Response {
    let (current, text) = try readPasswords(request)
    let new = try fit(text, for: caller)
    var newHash: String?
    for _ in 0..<2 {
      let user = try admit(current, request, caller)
      let hash = try newHash ?? check.hasher.hash(new, isKnown: true)
      newHash = hash
      let isChanged = try users.changePassword(of: user, toHash: hash) {
        guard
          try sessions.endOtherSessions(
            ofUser: user.id, by: caller.sid, passwordGeneration: user.passwordGeneration + 1,
            at: request.time)
        else { throw HTTPError.invalidToken }
      }
      guard isChanged else { continue }
      endLateSignIns(of: user, but: caller, request)
      logger.record(
        .passwordChanged,
        ["request": "\(request.id)", "user": "\(user.id)", "by": "user"])
      logger.record(
        .sessionEnded,
        [
          "request": "\(request.id)", "user": "\(user.id)", "kept": "\(caller.sid)",
          "reason": "password",
        ])
      return try answer(to: request, user)
    }
    throw HTTPError.unavailable(
      code: "password_busy", retryAfter: 1, logDetail: "others change this password")
  }

  /// Ends the sessions of sign-ins that found the old password still right, and began after the
  /// others had been ended. Where that fails, they count as ended all the same, being of an earlier
  /// password, but for reads that are not checked. The password has changed by now, which is what
  /// the client must hear: it would be told that the old one is wrong if it asked again.
  private func endLateSignIns(of user: User, but caller: AccessClaims, _ request: Request) {
    do {
      try sessions.endSessions(ofUser: user.id, except: caller.sid)
    } catch {
      logger.warning(
        "password changed; sessions that began meanwhile with the old one are still in the store",
        metadata: [
          "request": "\(request.id)", "user": "\(user.id)", "error": "\(error)",
        ])
    }
  }

  /// The user, if `current` is their password. A session has a count of failures of its own: those
  /// of strangers do not keep the owner from changing the password.
  private func admit(
    _ current: Password?, _ request: Request, _ caller: AccessClaims
  ) throws -> User {
    guard let user = try users.activeUser(named: caller.user.username, id: caller.sub),
      try sessions.isLive(caller.sid, ofUser: user.id, at: request.time)
    else { throw HTTPError.invalidToken }
    let verdict = try check.verdict(
      on: current, of: ForeignText(user.username), by: .session(caller.sid),
      against: user.passwordHash, at: request.time)
    if case .tooSoon(let wait) = verdict {
      recordRefusal("throttled", caller, request)
      throw HTTPError.tooManyAttempts(retryAfter: wait)
    }
    guard verdict == .right else {
      recordRefusal("wrong", caller, request)
      throw HTTPError.wrongCurrentPassword
    }
    return user
  }

  private func recordRefusal(_ reason: String, _ caller: AccessClaims, _ request: Request) {
    logger.record(
      .passwordRefused,
      [
        "request": "\(request.id)", "user": "\(caller.sub)", "session": "\(caller.sid)",
        "address": "\(request.remoteAddress)", "reason": "\(reason)",
      ])
  }

  /// The change has made all browsers strangers; the one that made it stays known.
  private func answer(to request: Request, _ user: User) throws -> Response {
    var response = Response(status: .noContent)
    if request.isFromOwnPage {
      response.headers.append(
        try browsers.renewedCookie(
          forUser: user.id, generation: user.browserGeneration + 1, in: request))
    }
    return response
  }

  private func readPasswords(
    _ request: Request
  ) throws(HTTPError) -> (current: Password?, new: ForeignText) {
    let fields = try BodyFields(of: request)
    guard let current = fields["currentPassword"], !current.isEmpty,
      let new = fields["newPassword"], !new.isEmpty
    else { throw .invalidData }
    return (current.string(limit: Password.sizes.upperBound).flatMap { Password($0) }, new)
  }

  /// Looks at the new password before the current one, whatever that is: so what is said of the one
  /// tells nothing about the other.
  private func fit(_ new: ForeignText, for caller: AccessClaims) throws -> Password {
    guard let user = try users.activeUser(named: caller.user.username, id: caller.sub) else {
      throw HTTPError.invalidToken
    }
    do {
      return try policy.password(new, forUser: user.username, user.profile)
    } catch {
      throw HTTPError.unfitPassword(error)
    }
  }
}

private struct PublicPolicy: Encodable {
  let minimumLength: Int
  let maximumBytes = Password.sizes.upperBound
}

extension HTTPError {
  fileprivate static let wrongCurrentPassword = HTTPError(
    .badRequest, code: "wrong_password", message: "Your current password is wrong!")
}
