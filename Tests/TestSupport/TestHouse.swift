public import Accounts
public import DocumentStore
public import Foundation
public import HandlerKit
import Postern
public import PosternTesting
public import Sessions
public import Tokens

/// `TestService` over a store in the test's folder, and what tests of the standard modules do often.
public struct TestHouse: Sendable {
  public static let now = TestService.now
  public static let password = TestService.password
  public static let accessSecret = TestService.accessSecret
  public static let refreshSecret = TestService.refreshSecret

  public let service: TestService

  public var documents: any DocumentStore { service.services.documents }
  public var users: UserDirectory { service.services.users }
  public var passwords: PasswordHasher { service.services.passwords }
  public var sessions: SessionStore { service.services.sessions }
  public var tokens: TokenIssuer { service.services.tokens }
  public var router: Router { service.router }

  public init(
    folder: String,
    policy: SessionPolicy = SessionPolicy(),
    isThrottled: Bool = false,
    documents: (any DocumentStore)? = nil,
    passwords: PasswordHasher? = nil
  ) async throws {
    var configuration = try TestService.configuration()
    configuration.sessions = policy
    configuration.isThrottleEnabled = isThrottled
    service = try await TestService(
      modules: standardModules, configuration: configuration,
      documents: documents ?? TestStore.open(folder: folder, timeout: .seconds(2)),
      passwords: passwords ?? TestService.cheapHasher())
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
    _ token: String, fingerprint: String? = nil, attempt: String? = nil, at time: Date = now
  ) async -> Response {
    var json = ["refreshToken": token]
    json["attempt"] = attempt
    json["fingerprint"] = fingerprint
    return await router.respond(to: .make(.post, "/refresh-token", json: json, at: time))
  }
}

extension Response {
  /// The tokens that a sign-in or a refresh handed out; empty where it handed out none.
  public var accessToken: String { json["accessToken"] as? String ?? "" }
  public var refreshToken: String { json["refreshToken"] as? String ?? "" }
}
