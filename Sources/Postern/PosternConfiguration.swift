public import Accounts
public import Authentication
import FoundationEssentials
public import Logging
public import Sessions
public import Tokens

/// What the operator decided: every setting, read and checked once.
public struct PosternConfiguration: Sendable {
  /// The folder of `keys.json`, and of the documents where `store` is `file`.
  public var data: String
  /// Where the documents are.
  var store: StoreAddress
  /// How many replicas of Redis have a change before it is answered.
  var waitReplicas: Int
  /// The folder of the socket and the pid file.
  public var run: String
  public var workers: Int
  /// After which a worker is replaced; 0 for no limit.
  public var maxRequests: Int
  /// How long a worker may hold a request, in seconds; 0 for no limit.
  public var requestTimeout: Int
  /// `nil` for the one of `keys.json`.
  public var accessSecret: KeySecret?
  public var refreshSecret: KeySecret?
  /// In seconds.
  public var accessLifetime: Int
  public var issuer: String
  public var audience: String?
  /// Of access tokens that have an audience.
  public var client: String
  public var sessions: SessionPolicy
  public var sessionCheck: SessionCheck.Scope
  public var passwords: PasswordPolicy
  /// Of the pages, for links to them; such as `https://app.example.com`.
  public var siteOrigin: String
  /// In seconds; 0 for never.
  public var sweepInterval: Int
  public var isThrottleEnabled: Bool
  /// Such as `https://app.example.com`.
  public var allowedOrigins: [String]
  public var disabledModules: [String]
  public var logLevel: Logger.Level
  public var logFormat: LogFormat
  public var logsRequests: Bool
  /// Of the data folder's disk, in MiB; 0 for none.
  public var diskReserve: Int
  /// All of them, also those that modules declare.
  public let settings: Settings

  /// Reads the settings: from the environment first, then from the JSON file at `path`.
  ///
  /// The environment may hold names that are no settings: other programs and container
  /// runtimes put some there, too.
  /// - Parameters:
  ///   - path: `nil` for `postern.json` in the working folder, or else
  ///     `/etc/postern/postern.json`; both may be missing.
  ///   - modules: may have settings of their own.
  /// - Throws: `ConfigurationError`, which names the setting and never its value; also for modules
  ///   that do not go together.
  public static func load(
    file path: String?,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    modules: [any ServiceModule.Type] = standardModules
  ) throws(ConfigurationError) -> PosternConfiguration {
    try load(
      file: path, orFirstOf: SettingsFile.standardPaths, environment: environment, modules: modules)
  }

  /// The same, with other places for the file where none is named.
  static func load(
    file path: String? = nil, orFirstOf standardPaths: [String], environment: [String: String],
    modules: [any ServiceModule.Type]
  ) throws(ConfigurationError) -> PosternConfiguration {
    let settings = try ModuleList(checking: modules).settings
    let known = settings.map(\.name)
    let file =
      if let path {
        try SettingsFile(path: path, isOptional: false, known: known)
      } else {
        try SettingsFile(firstOf: standardPaths, known: known)
      }
    return try PosternConfiguration(
      Settings(settings, file: file.values, environment: environment))
  }

  /// The settings that are in `values`, and nothing from the environment or a file.
  package static func load(
    values: [String: SettingValue], modules: [any ServiceModule.Type]
  ) throws(ConfigurationError) -> PosternConfiguration {
    let settings = try ModuleList(checking: modules).settings
    if let unknown = Set(values.keys).subtracting(settings.map(\.name)).min() {
      throw ConfigurationError("there is no setting \(unknown)")
    }
    return try PosternConfiguration(Settings(settings, file: values, environment: [:]))
  }

  init(_ settings: Settings) throws(ConfigurationError) {
    func secret(_ name: String, _ type: String) throws(ConfigurationError) -> KeySecret? {
      guard let text = try settings.optionalText(name) else { return nil }
      do {
        return try KeySecret(text: text, type: type)
      } catch {
        throw ConfigurationError("\(name): \(error)")
      }
    }
    let longTime = 1...100 * 365 * 86_400

    self.settings = settings
    data = try settings.text("data")
    run = try settings.text("run")
    workers =
      try settings.optionalNumber("workers", in: 1...256)
      ?? ProcessInfo.processInfo.activeProcessorCount
    maxRequests = try settings.number("workers.maxRequests", in: 0...1_000_000_000)
    requestTimeout = try settings.number("workers.requestTimeout", in: 0...3600)
    store = try StoreAddress(settings.text("store"))
    waitReplicas = try settings.number("store.redis.waitReplicas", in: 0...100)
    accessSecret = try secret("tokens.accessSecret", AccessClaims.type)
    refreshSecret = try secret("tokens.refreshSecret", RefreshClaims.type)
    if let accessSecret, let refreshSecret, accessSecret.isSameSecret(as: refreshSecret) {
      throw ConfigurationError("tokens.accessSecret and tokens.refreshSecret must differ")
    }
    accessLifetime = try settings.number("tokens.accessLifetime", in: longTime)
    issuer = try settings.text("tokens.issuer")
    audience = try settings.optionalText("tokens.audience")
    client = try settings.text("tokens.clientId")
    sessions = SessionPolicy(
      limit: try settings.number("sessions.limit", in: 1...100),
      whenFull: try settings.choice("sessions.whenFull"),
      grace: TimeInterval(try settings.number("tokens.grace", in: 0...3600)),
      refreshLifetime: try settings.number("tokens.refreshLifetime", in: longTime),
      sessionLifetime: try settings.number("sessions.lifetime", in: longTime))
    sessionCheck = try settings.choice("sessions.check")
    passwords = PasswordPolicy(
      minimumLength: try settings.number(
        "passwords.minimumLength", in: PasswordPolicy.minimumLengths))
    siteOrigin = try settings.text("site.origin")
    guard Self.isOrigin(siteOrigin) else {
      throw ConfigurationError(
        "site.origin must be an origin such as https://app.example.com, without a path")
    }
    guard accessLifetime <= sessions.refreshLifetime else {
      throw ConfigurationError("tokens.accessLifetime must not exceed tokens.refreshLifetime")
    }
    sweepInterval = try settings.number("sweep.interval", in: 0...30 * 86_400)
    isThrottleEnabled = try settings.flag("throttle.enabled")
    allowedOrigins = try settings.list("cors.allowedOrigins")
    guard allowedOrigins.allSatisfy(Self.isOrigin) else {
      throw ConfigurationError(
        "cors.allowedOrigins must be origins as browsers send them, such as "
          + "https://app.example.com, without a path")
    }
    disabledModules = try settings.list("modules.disabled")
    logLevel = try settings.choice("log.level")
    logFormat = try settings.choice("log.format")
    logsRequests = try settings.flag("log.requests")
    diskReserve = try settings.number("disk.reserve", in: 0...1 << 20)
  }

  /// Whether any keys come from `keys.json`, and not from settings.
  var usesKeyFile: Bool { accessSecret == nil || refreshSecret == nil }

  /// A serialized origin (RFC 6454 §6.2): `https://app.example.com` or `http://localhost:3000`.
  private static func isOrigin(_ text: String) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
    let host = text.dropFirst(scheme.count)
    return !host.isEmpty
      && host.allSatisfy { character in
        character.isASCII && !character.isUppercase && !character.isWhitespace
          && !"/?#@*\\".contains(character)
      }
  }
}

/// A setting that cannot be used. Never holds its value: it may be a secret.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
