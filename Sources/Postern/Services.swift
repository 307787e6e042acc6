public import Accounts
public import Authentication
public import DocumentStore
import FoundationEssentials
public import Logging
public import Sessions
import SharedMetrics
import SystemCalls
public import Tokens

/// All that modules may need, made once per worker from the configuration.
public struct Services: Sendable {
  public let configuration: PosternConfiguration
  /// The values of all settings, those of modules too.
  public var settings: Settings { configuration.settings }
  public let documents: any DocumentStore
  public let users: UserDirectory
  public let passwords: PasswordHasher
  public let passwordCheck: PasswordCheck
  public let passwordPolicy: PasswordPolicy
  public let passwordLinks: PasswordLinks
  public let sessions: SessionStore
  public let tokens: TokenIssuer
  let sessionCheck: SessionCheck
  public let bearer: BearerAuthenticator
  public let browsers: KnownBrowsers
  public let logger: Logger
  /// For `Inheritance` alone: modules have no use for them.
  let keys: KeyFile
  /// What `GET /metrics` shows; `nil` outside of a worker.
  private(set) var metrics: MetricsSegment?

  /// - Parameter keys: those of the supervisor, which made the store, too; `nil` reads them, and
  ///   makes what there is not yet.
  /// - Throws: an error whose description tells the operator what to mend.
  public init(
    configuration: PosternConfiguration, logger: Logger, keys: KeyFile? = nil
  ) async throws {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let documents = try openStore(configuration, ifMissing: keys == nil ? .make : .refuse())
    let keys = try keys ?? Self.keys(configuration, of: documents)
    try await self.init(
      configuration: configuration,
      logger: logger,
      documents: Self.checked(documents, keys),
      passwords: PasswordHasher(
        concurrency: Self.hashesAtOnce(cores: cores, workers: configuration.workers)),
      keys: keys)
  }

  /// Over a store and with a cost of password hashes that tests choose.
  package init(
    configuration: PosternConfiguration, logger: Logger, documents: any DocumentStore,
    passwords: PasswordHasher, keys: KeyFile? = nil
  ) async throws {
    self.configuration = configuration
    self.logger = logger
    self.documents = documents
    self.passwords = passwords
    users = UserDirectory(documents: documents)
    passwordPolicy = configuration.passwords
    passwordLinks = PasswordLinks(documents: documents)
    sessions = SessionStore(documents: documents, policy: configuration.sessions)
    let keys = try keys ?? Self.keys(configuration)
    self.keys = keys
    let throttle = Throttle(documents: documents, keys: keys)
    passwordCheck = PasswordCheck(
      hasher: passwords, throttle: configuration.isThrottleEnabled ? throttle : nil)
    tokens = TokenIssuer(
      access: try KeyRing(keys.access),
      refresh: try KeyRing(keys.refresh),
      issuer: configuration.issuer,
      audience: configuration.audience,
      client: configuration.client,
      accessLifetime: configuration.accessLifetime)
    sessionCheck = SessionCheck(
      sessions: sessions, users: users, scope: configuration.sessionCheck)
    bearer = BearerAuthenticator(tokens: tokens, sessionCheck: sessionCheck)
    browsers = try KnownBrowsers(derivation: keys.derivation, issuer: configuration.issuer)
  }

  func showing(_ metrics: MetricsSegment) -> Services {
    var services = self
    services.metrics = metrics
    return services
  }

  /// How many hashes each of the workers computes at a time: together one for each core, and one
  /// each where there are more workers than cores.
  static func hashesAtOnce(cores: Int, workers: Int) -> Int { max(1, cores / max(1, workers)) }

  /// Whether there are keys, so that `keys` makes none.
  static func hasKeys(_ configuration: PosternConfiguration) throws -> Bool {
    try !configuration.usesKeyFile || configuration.keyFile() != nil
  }

  private static func checked(
    _ documents: any DocumentStore, _ keys: KeyFile
  ) -> any DocumentStore {
    guard documents is any SharedStore else { return documents }
    return CheckedStore(documents) { _ = try checkStore(documents, keys: keys) }
  }

  /// Those of this host. The first one of a shared store may make them.
  /// - Throws: `ConfigurationError` where there are none, and other hosts have some.
  private static func keys(
    _ configuration: PosternConfiguration, of documents: any DocumentStore
  ) throws -> KeyFile {
    if configuration.store.isShared, configuration.usesKeyFile {
      try System.makeFolder(configuration.data)
      guard try !hasKeys(configuration) else { return try keys(configuration) }
      _ = try checkServers(of: documents)
      if try documents.read(SharedKeys.self, SharedKeys.name) != nil {
        throw ConfigurationError(
          "there is no keys.json in \(configuration.data), and the other hosts of the store have keys: "
            + "copy keys.json from one of them")
      }
    }
    return try keys(configuration)
  }

  /// The secrets of the environment where it has them, else those of `keys.json`, which is made where
  /// it is missing.
  static func keys(_ configuration: PosternConfiguration) throws -> KeyFile {
    let access = configuration.accessSecret.map { KeySet(signing: $0) }
    let refresh = configuration.refreshSecret.map { KeySet(signing: $0) }
    if let access, let refresh { return KeyFile(access: access, refresh: refresh) }
    let file = try KeyFile.loadOrCreate(inFolder: configuration.data)
    return KeyFile(
      access: access ?? file.access, refresh: refresh ?? file.refresh,
      derivation: refresh?.signing ?? file.derivation)
  }
}

extension Throttle {
  /// Whose digests no other key can tell.
  init(documents: any DocumentStore, keys: KeyFile) {
    self.init(documents: documents, key: keys.derivation.derivedKey(for: "throttle"))
  }
}
