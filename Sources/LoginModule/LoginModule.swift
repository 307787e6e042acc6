public import Accounts
import Authentication
import ForeignInput
public import HandlerKit
public import Logging
import SecurityEvents
public import Sessions
public import Tokens

/// `POST /login`: a name and a password for a session and its first two tokens.
public struct LoginModule: HandlerModule {
  public static let name = "login"

  private let users: UserDirectory
  private let check: PasswordCheck
  private let sessions: SessionStore
  private let tokens: TokenIssuer
  private let browsers: KnownBrowsers
  private let logger: Logger

  public init(
    users: UserDirectory,
    check: PasswordCheck,
    sessions: SessionStore,
    tokens: TokenIssuer,
    browsers: KnownBrowsers,
    logger: Logger
  ) {
    self.users = users
    self.check = check
    self.sessions = sessions
    self.tokens = tokens
    self.browsers = browsers
    self.logger = logger
  }

  public var routes: [Route] {
    Route(.post, "/login", signIn)
  }

  private func signIn(_ request: Request) throws -> Response {
    let credentials = try Credentials(request)
    // Before anything is counted or written: what is left of a full disk is for refreshes.
    try sessions.requireRoom()
    let known = credentials.browser.flatMap { browsers.recognize($0, at: request.time) }
    let user = try authenticate(credentials, known, request)
    let device = Device(
      fingerprint: credentials.fingerprint,
      userAgent: request.header(.userAgent).map(userAgent) ?? "",
      address: request.remoteAddress,
      isRemembered: credentials.isRemembered)
    let replaced = credentials.wantsCookie ? sessionOfCookie(request) : nil
    let session = try sessions.beginSession(
      ofUser: user.id, named: user.username, passwordGeneration: user.passwordGeneration,
      replacing: replaced?.sub == user.id ? replaced?.sid : nil,
      on: device, at: request.time,
      isStillAdmitted: { try users.isUnchanged(user) },
      onEnd: { recordEnd(of: $0, ofUser: user.id, replaced?.sid, request) })
    guard let session else { throw wrongCredentials(request, user) }
    if let replaced, replaced.sub != user.id { end(replaced, request) }
    renewHash(of: user, credentials, request)
    logger.record(
      .loginSucceeded,
      [
        "request": "\(request.id)", "user": "\(user.id)", "session": "\(session.id)",
        "address": "\(request.remoteAddress)",
      ])
    let issued = try tokens.tokens(
      for: .init(id: user.id, email: user.profile.email, username: user.username),
      groups: user.groups,
      session: session.id,
      refresh: (session.current.id, session.current.issuedAt, session.current.expiresAt),
      at: request.time)
    let name = try browsers.name(
      forUser: user.id, generation: user.browserGeneration,
      known: known, at: request.time)
    var response = try issued.response(
      inCookie: credentials.wantsCookie, maxAge: session.cookieAge(at: request.time)
    ) {
      SignedIn(
        user: PublicUser(user), tokens: $0, device: credentials.wantsBrowserName ? name : nil)
    }
    response.session = session.id
    if !credentials.wantsBrowserName, request.isFromOwnPage {
      response.headers.append(HostCookie.device.setting(name, maxAge: KnownBrowsers.lifetime))
    }
    return response
  }

  /// The session whose refresh token the new cookie takes the place of: nobody can reach it then.
  private func sessionOfCookie(_ request: Request) -> RefreshClaims? {
    HostCookie.refresh.value(of: request).flatMap { try? tokens.recognizeRefreshToken($0) }
  }

  /// Ends the session that another user had in this browser. The new one is there by now: trouble
  /// with the old one is no reason to refuse it.
  private func end(_ replaced: RefreshClaims, _ request: Request) {
    do {
      if try sessions.endSession(replaced.sid, ofUser: replaced.sub, at: request.time) {
        recordEnd(of: [replaced.sid], ofUser: replaced.sub, replaced.sid, request)
      }
    } catch {
      logger.warning(
        "replaced session not ended",
        metadata: ["request": "\(request.id)", "user": "\(replaced.sub)"])
    }
  }

  /// - Parameter replaced: which of them is the one that the browser had.
  private func recordEnd(
    of sessions: [String], ofUser user: String, _ replaced: String?, _ request: Request
  ) {
    for session in sessions {
      logger.record(
        .sessionEnded,
        [
          "request": "\(request.id)", "user": "\(user)", "session": "\(session)",
          "reason": session == replaced ? "replaced" : "limit",
        ])
    }
  }

  /// The session is there by now: that a hash of the old cost has to do for longer is no reason to
  /// refuse it.
  private func renewHash(of user: User, _ credentials: Credentials, _ request: Request) {
    do {
      guard let password = credentials.password,
        let hash = try check.hasher.renewedHash(of: password, insteadOf: user.passwordHash)
      else { return }
      try users.renewPasswordHash(of: user, with: hash)
    } catch {
      logger.warning(
        "password hash not renewed",
        metadata: ["request": "\(request.id)", "user": "\(user.id)"])
    }
  }

  /// Who may sign in with these credentials. All others get one and the same answer after
  /// the same work, so the answer does not tell which names there are.
  private func authenticate(
    _ credentials: Credentials, _ known: BrowserClaims?, _ request: Request
  ) throws -> User {
    let user = try users.candidate(named: credentials.username, called: credentials.account)
    let isKnown = known != nil && known?.sub == user?.id && known?.gen == user?.browserGeneration
    let isDemo = isDemoFromElsewhere(credentials, request)
    let isRefused = isDemo || user?.isDisabled == true
    let verdict = try check.verdict(
      on: credentials.password, of: credentials.account,
      by: isKnown ? .knownBrowser(known?.jti ?? "") : .stranger(address: request.remoteAddress),
      against: isRefused ? nil : user?.passwordHash, at: request.time)
    if isDemo, verdict == .wrong {
      // Whether there is such an account or not: the line must not cost what others do not.
      logger.warning(
        "the demo's password is good on this machine alone: sign-in refused",
        metadata: ["request": "\(request.id)", "address": "\(request.remoteAddress)"])
    }
    if !isKnown, verdict == .wrong || verdict == .damagedHash {
      try countFailure(at: user, credentials, request)
    }
    switch (verdict, user) {
    case (.right, let user?):
      guard check.isThrottled else { return user }
      // A known browser's success ends the row of failures too, until strangers are shut out.
      guard try users.forgiveStrangers(at: user) || isKnown else {
        logger.record(.loginFailed, facts(request, user))
        throw HTTPError.closedToStrangers
      }
      return user
    case (.tooSoon(let wait), _):
      logger.record(.loginThrottled, facts(request, user))
      throw HTTPError.tooManyAttempts(retryAfter: wait)
    case (.damagedHash, let user?):
      logger.error(
        "stored password hash is damaged",
        metadata: ["request": "\(request.id)", "user": "\(user.id)"])
      throw wrongCredentials(request, user)
    default: throw wrongCredentials(request, user)
    }
  }

  /// The error for whom is refused, who has been written down.
  private func wrongCredentials(_ request: Request, _ user: User?) -> HTTPError {
    logger.record(.loginFailed, facts(request, user))
    return .wrongCredentials
  }

  /// Never the name that was typed: it may be a password.
  private func facts(_ request: Request, _ user: User?) -> Logger.Metadata {
    var facts: Logger.Metadata = [
      "request": "\(request.id)", "address": "\(request.remoteAddress)",
    ]
    if let user { facts["user"] = "\(user.id)" }
    return facts
  }
}

extension LoginModule {
  /// Whether it is the demo's password, from elsewhere than this machine: right for no account (OWASP
  /// ASVS 5, 6.3.2).
  private func isDemoFromElsewhere(_ credentials: Credentials, _ request: Request) -> Bool {
    credentials.password?.isOfDemo == true && !request.isFromThisMachine
  }

  /// Passwords that nobody can have are no guesses.
  private func countFailure(
    at user: User?, _ credentials: Credentials, _ request: Request
  ) throws {
    guard check.isThrottled, credentials.password != nil,
      try users.countStrangersFailure(at: user, called: credentials.account), let user
    else { return }
    logger.warning(
      """
      closed to strangers, who have failed \(User.strangersFailureLimit) times in a row; \
      `postern user link` or `postern user enable` opens it
      """,
      metadata: ["request": "\(request.id)", "user": "\(user.id)"])
  }
}

private struct SignedIn: Encodable {
  let user: PublicUser
  let tokens: IssuedTokens
  let device: String?

  func encode(to encoder: any Encoder) throws {
    try tokens.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(user, forKey: .user)
    try container.encodeIfPresent(device, forKey: .device)
  }

  private enum CodingKeys: String, CodingKey {
    case user, device
  }
}

/// What a browser says of itself, as far as it will be shown.
private func userAgent(_ header: ForeignText) -> String {
  let start = ForeignText(header.bytes.prefix(1024))
  return start.string(limit: 1024) ?? start.latin1
}

extension HTTPError {
  fileprivate static let wrongCredentials = HTTPError(
    .badRequest, code: "wrong_credentials", message: "Username or password is wrong!")

  /// Only who has the right password hears this.
  fileprivate static let closedToStrangers = HTTPError(
    .forbidden, code: "closed_to_strangers",
    message: "Too many wrong passwords were tried for this account. Sign in from a browser where "
      + "you have signed in before, or ask for a link to choose a new password.")
}
