import Configuration
import FoundationEssentials
public import Logging
public import Sessions
public import Tokens

/// What the operator decided: every setting, read and checked once.
public struct PosternConfiguration: Sendable {
  /// The data folder.
  public var data: String
  /// The folder of the socket and the pid file.
  public var run: String
  public var workers: Int
  /// `nil` for the one of `keys.json`.
  public var accessSecret: KeySecret?
  public var refreshSecret: KeySecret?
  /// In seconds.
  public var accessLifetime: Int
  public var issuer: String
  public var audience: String?
  public var sessions: SessionPolicy
  /// In seconds; 0 for never.
  public var sweepInterval: Int
  public var isThrottleEnabled: Bool
  /// Such as `https://app.example.com`.
  public var allowedOrigins: [String]
  public var disabledModules: [String]
  public var logLevel: Logger.Level

  /// Reads the settings: from the environment first, then from the JSON file at `path`.
  ///
  /// The environment may hold names that are no settings: other programs, and whoever starts
  /// containers, put some there too.
  /// - Parameter path: `nil` for `postern.json` in the working folder, which may be missing.
  /// - Throws: `ConfigurationError`, which names the setting and never its value.
  public static func load(
    file path: String?,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) -> PosternConfiguration {
    let file = try SettingsFile(path: path ?? "postern.json", isOptional: path == nil)
    try checkTypes(of: file)
    // Any other that is empty counts as not set. But who names a secret does not want another one.
    for setting in Setting.all where setting.isSecret {
      guard environment[setting.environmentName] != "" else {
        throw ConfigurationError("\(setting.name) is empty")
      }
    }
    let defaults = Setting.all.compactMap { setting in
      setting.defaultValue.map { (setting.name, $0) }
    }
    let reader = ConfigReader(providers: [
      EnvironmentVariablesProvider(environmentVariables: environment.filter { !$0.value.isEmpty })
        .prefixKeys(with: "postern"),
      provider(of: file.values),
      provider(of: Dictionary(uniqueKeysWithValues: defaults)),
    ])
    return try PosternConfiguration(reader)
  }

  /// A setting without a default would be taken for missing where the file has it in a wrong type.
  private static func checkTypes(of file: SettingsFile) throws(ConfigurationError) {
    for setting in Setting.all where setting.defaultValue == nil {
      switch file.values[setting.name] {
      case nil, .string: continue
      case .int where setting.name == "workers": continue
      default: throw ConfigurationError("\(setting.name) has a value of the wrong type")
      }
    }
  }

  private static func provider(of values: [String: ConfigContent]) -> InMemoryProvider {
    let pairs = values.map { name, content in
      (AbsoluteConfigKey(ConfigKey(name)), ConfigValue(content, isSecret: false))
    }
    return InMemoryProvider(values: Dictionary(uniqueKeysWithValues: pairs))
  }

  private init(_ reader: ConfigReader) throws(ConfigurationError) {
    func text(_ name: String) throws(ConfigurationError) -> String {
      guard let text = try? reader.requiredString(forKey: ConfigKey(name)) else {
        throw ConfigurationError("\(name) must be text")
      }
      return text
    }
    func number(_ name: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
      guard let number = try? reader.requiredInt(forKey: ConfigKey(name)), range.contains(number)
      else {
        throw ConfigurationError(
          "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    func choice<C: RawRepresentable & CaseIterable>(
      _ name: String, _ type: C.Type
    ) throws(ConfigurationError) -> C where C.RawValue == String {
      guard let choice = C(rawValue: try text(name)) else {
        let choices = C.allCases.map(\.rawValue).joined(separator: ", ")
        throw ConfigurationError("\(name) must be one of \(choices)")
      }
      return choice
    }
    func list(_ name: String) throws(ConfigurationError) -> [String] {
      guard let list = try? reader.requiredStringArray(forKey: ConfigKey(name)) else {
        throw ConfigurationError("\(name) must be a list of texts")
      }
      return list.filter { !$0.isEmpty }
    }
    func secret(_ name: String, _ type: String) throws(ConfigurationError) -> KeySecret? {
      guard let text = reader.string(forKey: ConfigKey(name), isSecret: true) else { return nil }
      do {
        return try KeySecret(text: text, type: type)
      } catch {
        throw ConfigurationError("\(name): \(error)")
      }
    }
    let longTime = 1...100 * 365 * 86_400

    data = try text("data")
    run = try text("run")
    let cores = ProcessInfo.processInfo.activeProcessorCount
    workers =
      reader.string(forKey: "workers") == nil && reader.int(forKey: "workers") == nil
      ? cores : try number("workers", 1...256)
    guard try text("store") == "file" else {
      throw ConfigurationError("store must be file: there is no other engine yet")
    }
    accessSecret = try secret("tokens.accessSecret", AccessClaims.type)
    refreshSecret = try secret("tokens.refreshSecret", RefreshClaims.type)
    if let accessSecret, let refreshSecret, accessSecret.isSameSecret(as: refreshSecret) {
      throw ConfigurationError("tokens.accessSecret and tokens.refreshSecret must differ")
    }
    accessLifetime = try number("tokens.accessLifetime", longTime)
    issuer = try text("tokens.issuer")
    audience = reader.string(forKey: "tokens.audience")
    sessions = SessionPolicy(
      limit: try number("sessions.limit", 1...100),
      whenFull: try choice("sessions.whenFull", SessionPolicy.WhenFull.self),
      grace: TimeInterval(try number("tokens.grace", 0...3600)),
      refreshLifetime: try number("tokens.refreshLifetime", longTime),
      sessionLifetime: try number("sessions.lifetime", longTime))
    guard accessLifetime <= sessions.refreshLifetime else {
      throw ConfigurationError("tokens.accessLifetime must not exceed tokens.refreshLifetime")
    }
    sweepInterval = try number("sweep.interval", 0...30 * 86_400)
    guard let isThrottleEnabled = try? reader.requiredBool(forKey: "throttle.enabled") else {
      throw ConfigurationError("throttle.enabled must be true or false")
    }
    self.isThrottleEnabled = isThrottleEnabled
    allowedOrigins = try list("cors.allowedOrigins")
    guard allowedOrigins.allSatisfy(Self.isOrigin) else {
      throw ConfigurationError(
        "cors.allowedOrigins must be origins as browsers send them, such as "
          + "https://app.example.com, without a path")
    }
    disabledModules = try list("modules.disabled")
    logLevel = try choice("log.level", Logger.Level.self)
  }

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
