public import Accounts
public import HandlerKit
public import Logging
public import Sessions
public import Tokens

/// `POST /login`: a name and a password for a session and its first two tokens.
public struct LoginModule: HandlerModule {
  public static let name = "login"

  private let users: UserDirectory
  private let passwords: PasswordHasher
  private let throttle: Throttle?
  private let sessions: TokenStore
  private let tokens: TokenIssuer
  private let logger: Logger

  /// - Parameter throttle: `nil` lets everybody try as often as they like.
  public init(
    users: UserDirectory,
    passwords: PasswordHasher,
    throttle: Throttle?,
    sessions: TokenStore,
    tokens: TokenIssuer,
    logger: Logger
  ) {
    self.users = users
    self.passwords = passwords
    self.throttle = throttle
    self.sessions = sessions
    self.tokens = tokens
    self.logger = logger
  }

  public var routes: [Route] {
    Route(.post, "/login", signIn)
  }

  private func signIn(_ request: Request) throws -> Response {
    let credentials = try Credentials(request)
    let user = try authenticate(credentials, request)
    let session = try sessions.beginSession(
      ofUser: user.id,
      named: user.username,
      on: Device(
        fingerprint: credentials.fingerprint,
        userAgent: request.headers[.userAgent] ?? "",
        address: request.remoteAddress),
      at: request.time)
    let current = session.current
    let issued = try tokens.tokens(
      for: .init(id: user.id, email: user.profile.email, username: user.username),
      session: session.id,
      refresh: (current.id, current.issuedAt, current.expiresAt),
      at: request.time)
    logger.info(
      "signed in",
      metadata: ["request": "\(request.id)", "user": "\(user.id)", "session": "\(session.id)"])
    return try .json(SignedIn(user: PublicUser(user), tokens: issued))
  }

  /// Who may sign in with these credentials. Whoever may not gets one and the same answer after
  /// the same work: nobody learns which names there are.
  private func authenticate(_ credentials: Credentials, _ request: Request) throws -> User {
    let account = credentials.username?.text ?? ""
    if let throttle,
      let wait = try throttle.admit(
        account: account, address: request.remoteAddress, at: request.time)
    {
      throw HTTPError.tooManyRequests("Too many attempts, please try again later", retryAfter: wait)
    }
    guard let password = credentials.password else { throw HTTPError.wrongCredentials }

    let user = try credentials.username.flatMap { try users.user(named: $0) }
    let verdict = try passwords.verify(password, against: user?.passwordHash)
    guard let user, !user.isDisabled else { throw HTTPError.wrongCredentials }
    switch verdict {
    case .right:
      break
    case .rightButOutdated:
      try users.replacePasswordHash(of: user, with: passwords.hash(password))
    case .wrong:
      throw HTTPError.wrongCredentials
    case .damagedHash:
      logger.error(
        "stored password hash is damaged",
        metadata: ["request": "\(request.id)", "user": "\(user.id)"])
      throw HTTPError.wrongCredentials
    }
    try throttle?.succeeded(account: account, address: request.remoteAddress)
    return user
  }
}

/// What a sign-in sends.
private struct Credentials {
  /// `nil` for a name that nobody can have.
  let username: Username?
  /// `nil` for a password that nobody can have.
  let password: Password?
  let fingerprint: String?

  init(_ request: Request) throws(HTTPError) {
    let invalid = "Please enter valid data!"
    let fields = try BodyFields(of: request, unparsable: invalid)
    guard let username = fields["username"], !username.isEmpty,
      let password = fields["password"], !password.isEmpty,
      fields["fingerprint"] != nil || !fields.contains("fingerprint")
    else { throw .badRequest(invalid) }
    self.username = Username(username)
    self.password = Password(password)
    self.fingerprint = fields["fingerprint"]
  }
}

private struct SignedIn: Encodable {
  let user: PublicUser
  let tokens: IssuedTokens

  func encode(to encoder: any Encoder) throws {
    try tokens.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(user, forKey: .user)
  }

  private enum CodingKeys: String, CodingKey {
    case user
  }
}

extension HTTPError {
  fileprivate static let wrongCredentials = HTTPError(
    .badRequest, code: "wrong_credentials", message: "Username or password is wrong!")
}
