public import Accounts
public import HandlerKit
public import Logging
public import Sessions
public import Tokens

/// `POST /password`: a new password for the caller, and the end of all their other sessions.
public struct PasswordModule: HandlerModule {
  public static let name = "password"

  private let users: UserDirectory
  private let passwords: PasswordHasher
  private let check: PasswordCheck
  private let sessions: TokenStore
  private let bearer: BearerAuthenticator
  private let logger: Logger

  public init(
    users: UserDirectory,
    passwords: PasswordHasher,
    check: PasswordCheck,
    sessions: TokenStore,
    bearer: BearerAuthenticator,
    logger: Logger
  ) {
    self.users = users
    self.passwords = passwords
    self.check = check
    self.sessions = sessions
    self.bearer = bearer
    self.logger = logger
  }

  public var routes: [Route] {
    Route(.post, "/password", for: bearer, change)
  }

  /// The sessions are ended before, so that a change which breaks off in the middle has not left
  /// any alive, but only where it is sure that no other change has come first. And they are ended
  /// again at the end: a sign-in that is under way with the old password is ended then, or finds
  /// that its password is no longer right.
  private func change(_ request: Request, for caller: AccessClaims) throws -> Response {
    let (current, new) = try readPasswords(request)
    guard let user = try users.activeUser(named: caller.user.username, id: caller.sub) else {
      throw HTTPError.invalidToken
    }
    let verdict = try check.verdict(
      on: current, account: user.username, address: request.remoteAddress, at: request.time,
      hash: { user.passwordHash })
    if case .tooSoon(let wait) = verdict { throw HTTPError.tooManyAttempts(retryAfter: wait) }
    guard verdict == .right else { throw HTTPError.wrongCurrentPassword }
    let hash = try passwords.hash(new)
    let endOthers = { try sessions.endSessions(ofUser: user.id, except: caller.sid) }
    guard try users.changePassword(of: user, toHash: hash, prepare: endOthers) else {
      throw HTTPError.wrongCurrentPassword
    }
    try endOthers()
    logger.notice(
      "password changed", metadata: ["request": "\(request.id)", "user": "\(user.id)"])
    return Response(status: .noContent)
  }

  private func readPasswords(
    _ request: Request
  ) throws(HTTPError) -> (current: Password?, new: Password) {
    let invalid = "Please enter valid data!"
    let fields = try BodyFields(of: request, unparsable: invalid)
    guard let current = fields["currentPassword"], !current.isEmpty,
      let text = fields["newPassword"], !text.isEmpty
    else { throw .badRequest(invalid) }
    guard let new = Password(new: text) else {
      throw HTTPError(
        .badRequest, code: "unfit_password",
        message: "A password needs at least \(Password.shortestNew) characters "
          + "and at most \(Password.sizes.upperBound) bytes")
    }
    return (Password(current), new)
  }
}

extension HTTPError {
  fileprivate static let wrongCurrentPassword = HTTPError(
    .badRequest, code: "wrong_password", message: "Your current password is wrong!")
}
