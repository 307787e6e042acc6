public import Accounts
public import Authentication
import CurrentUserModule
public import DocumentStore
import FileDocumentStore
public import Foundation
public import HandlerKit
import JobsModule
import Logging
import LoginModule
import LogoutModule
import PasswordModule
import RefreshModule
public import Sessions
import SessionsModule
public import Tokens

/// The whole house without its doors: all modules over a real store in a folder, with cheap
/// password hashes and fixed keys. Requests go to `router`, no socket is involved.
public struct TestHouse: Sendable {
  /// When tests take place, unless they say otherwise.
  public static let now = Date(timeIntervalSince1970: 1_800_000_000)
  public static let password = "correct horse"
  public static let accessSecret = "access-secret-for-tests-WFzy8zrg52XTLnK4Aa97MfFz40AnJgQyDxzm"
  public static let refreshSecret = "refresh-secret-for-tests-KP9wgtuKe6ZkMa0t3Sg4C67XbixEZHr7FAZA"

  public let documents: any DocumentStore
  public let users: UserDirectory
  public let passwords: PasswordHasher
  public let sessions: TokenStore
  public let tokens: TokenIssuer
  public let bearer: BearerAuthenticator
  public let browsers: KnownBrowsers
  public let router: Router

  public init(
    folder: String,
    policy: SessionPolicy = SessionPolicy(),
    isThrottled: Bool = false,
    documents: (any DocumentStore)? = nil,
    passwords: PasswordHasher? = nil
  ) async throws {
    let documents = try documents ?? FileDocumentStore(path: folder)
    self.documents = documents
    users = UserDirectory(documents: documents)
    let passwords = try passwords ?? PasswordHasher(cost: .least, concurrency: 4)
    self.passwords = passwords
    sessions = TokenStore(documents: documents, policy: policy)
    let refreshKey = try KeySecret(text: Self.refreshSecret, type: RefreshClaims.type)
    tokens = TokenIssuer(
      access: try await KeyRing(
        KeySet(signing: KeySecret(text: Self.accessSecret, type: AccessClaims.type))),
      refresh: try await KeyRing(KeySet(signing: refreshKey)))
    bearer = BearerAuthenticator(tokens: tokens)
    browsers = try await KnownBrowsers(refreshKeys: KeySet(signing: refreshKey))
    let throttle = Throttle(documents: documents, key: refreshKey.derivedKey(for: "throttle"))
    let check = PasswordCheck(hasher: passwords, throttle: isThrottled ? throttle : nil)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    router = try Router(
      [
        LoginModule(
          users: users, passwords: passwords, check: check,
          sessions: sessions, tokens: tokens, browsers: browsers, logger: logger),
        RefreshModule(users: users, sessions: sessions, tokens: tokens, logger: logger),
        LogoutModule(sessions: sessions, tokens: tokens, logger: logger),
        SessionsModule(
          users: users, sessions: sessions, bearer: bearer, browsers: browsers),
        PasswordModule(
          users: users, passwords: passwords, check: check,
          sessions: sessions, bearer: bearer, browsers: browsers, logger: logger),
        JobsModule(documents: documents, bearer: bearer),
        CurrentUserModule(users: users, bearer: bearer),
      ],
      logger: logger)
  }

  /// Adds a user whose password is `TestHouse.password`.
  @discardableResult
  public func addUser(_ name: String) throws -> User {
    guard let username = Username(name), let password = Password(Self.password) else {
      throw UsernameTaken()
    }
    return try users.add(
      username, profile: .init(email: "\(name)@example.com"),
      passwordHash: passwords.hash(password))
  }

  public func login(
    _ name: String, fingerprint: String? = nil, at time: Date = now
  ) async -> Response {
    var json = ["username": name, "password": Self.password]
    json["fingerprint"] = fingerprint
    return await router.respond(to: .make(.post, "/login", json: json, at: time))
  }

  public func refresh(
    _ token: String, fingerprint: String? = nil, at time: Date = now
  ) async -> Response {
    var json = ["refreshToken": token]
    json["fingerprint"] = fingerprint
    return await router.respond(to: .make(.post, "/refresh-token", json: json, at: time))
  }
}

extension Response {
  /// The tokens that a sign-in or a refresh handed out; empty where it handed out none.
  public var accessToken: String { json["accessToken"] as? String ?? "" }
  public var refreshToken: String { json["refreshToken"] as? String ?? "" }
}
