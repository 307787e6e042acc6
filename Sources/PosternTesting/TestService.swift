import Accounts
import DocumentStore
public import Foundation
public import HandlerKit
package import Logging
import MemoryDocumentStore
public import Postern
import Tokens

/// The whole service without processes and sockets, for tests of modules: the standard modules and
/// yours, wired as in a worker, over a store of its own, with cheap password hashes.
///
/// ```swift
/// let service = try await TestService(modules: [NotesModule.self], settings: ["notes.limit": 2])
/// let alice = try await service.signedIn(as: "alice")
/// let response = await service.respond(to: .make(.get, "/notes", bearer: alice))
/// ```
/// Time stands still: each request comes at `TestService.now`, if it does not say otherwise.
public final class TestService: Sendable {
  /// 2027-01-15 08:00:00 UTC.
  public static let now = Date(timeIntervalSince1970: 1_800_000_000)
  /// The password of each user.
  public static let password = "correct horse"
  package static let accessSecret = "access-secret-for-tests-WFzy8zrg52XTLnK4Aa97MfFz40AnJgQyDxzm"
  package static let refreshSecret =
    "refresh-secret-for-tests-KP9wgtuKe6ZkMa0t3Sg4C67XbixEZHr7FAZA"

  /// What modules are made from: also for a look into the store.
  public let services: Services
  package let router: Router
  private let modules: [any ServiceModule]

  /// - Parameters:
  ///   - modules: yours; the standard ones are there.
  ///   - settings: by their dotted names, as in `postern.json`.
  /// - Throws: what would stop the start of the service, such as a setting that your module refuses.
  public convenience init(
    modules: [any ServiceModule.Type] = [], settings: [String: SettingValue] = [:]
  ) async throws {
    let modules = standardModules + modules
    try await self.init(
      modules: modules, configuration: Self.configuration(modules, settings),
      documents: MemoryDocumentStore(), passwords: Self.cheapHasher())
  }

  package init(
    modules: [any ServiceModule.Type], configuration: PosternConfiguration,
    documents: any DocumentStore, passwords: PasswordHasher,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) async throws {
    services = try await Services(
      configuration: configuration,
      logger: logger,
      documents: documents, passwords: passwords)
    (self.modules, router) = try await services.startModules(modules)
  }

  /// - Throws: `ConfigurationError`, as at the start of the service.
  package static func configuration(
    _ modules: [any ServiceModule.Type] = standardModules,
    _ settings: [String: SettingValue] = [:]
  ) throws -> PosternConfiguration {
    let keys: [String: SettingValue] = [
      "tokens.accessSecret": .text(accessSecret), "tokens.refreshSecret": .text(refreshSecret),
      "throttle.enabled": false,
    ]
    return try .load(values: keys.merging(settings) { $1 }, modules: modules)
  }

  package static func cheapHasher() throws -> PasswordHasher {
    try PasswordHasher(cost: .least, concurrency: 4)
  }

  /// Answers as a worker does.
  public func respond(to request: Request) async -> Response {
    await router.respond(to: request)
  }

  /// An access token of `name`, to be given as `bearer`. A user who is not there is added.
  /// - Parameter time: when the sign-in is; the token lives 15 minutes from then.
  /// - Throws: `TestServiceError` for a name that cannot be one, or where the sign-in is refused.
  public func signedIn(as name: String, at time: Date = now) async throws -> String {
    guard let username = Username(name) else { throw TestServiceError("no user name: \(name)") }
    if try services.users.user(named: username) == nil { try addUser(name) }
    let response = await respond(
      to: .make(
        .post, "/login", json: ["username": name, "password": Self.password], at: time))
    guard let token = response.json["accessToken"] as? String else {
      throw TestServiceError("sign-in of \(name): \(response.status.code) \(response.text)")
    }
    return token
  }

  /// Adds a user whose password is `TestService.password`, and returns the user's id, which is
  /// `sub` of the claims that a route's handler gets.
  @discardableResult
  public func addUser(_ name: String) throws -> String {
    guard let username = Username(name), let password = Password(Self.password) else {
      throw TestServiceError("no user name: \(name)")
    }
    let hash = try services.passwords.hash(password)
    let profile = User.Profile(email: "\(name)@example.com")
    return try services.users.add(username, profile: profile, passwordHash: hash).id
  }

  /// Shuts the modules down, as a worker does at its end. Needed where yours start something.
  public func shutdown() async {
    await services.shutDown(modules)
  }
}

/// Why a test cannot go on.
public struct TestServiceError: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
