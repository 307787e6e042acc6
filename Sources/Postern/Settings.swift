import Configuration

/// The values of all settings, of the type that each has.
///
/// Its description names the settings and never holds their values: some are secret.
public struct Settings: Sendable, CustomStringConvertible, CustomReflectable {
  /// Where the value of a setting comes from.
  enum Source: String {
    case environment, file, `default`
  }

  let values: [String: SettingValue]
  /// Of each value; empty for settings that were handed over.
  let sources: [String: Source]

  init(_ values: [String: SettingValue]) {
    self.values = values
    sources = [:]
  }

  /// Reads the environment first, then the file's values, then the defaults.
  ///
  /// An empty variable counts as not set. An empty secret is refused: it was meant to be one.
  /// - Throws: `ConfigurationError` for a value of the wrong type.
  init(
    _ settings: [Setting], file: [String: SettingValue], environment: [String: String]
  ) throws(ConfigurationError) {
    let defaults = settings.compactMap { setting in
      setting.defaultValue.map { (setting.name, $0) }
    }
    let given = environment.filter { !$0.value.isEmpty }
    let reader = ConfigReader(providers: [
      EnvironmentVariablesProvider(environmentVariables: given).prefixKeys(with: "postern"),
      Self.provider(of: file),
      Self.provider(of: Dictionary(defaults) { $1 }),
    ])
    var values: [String: SettingValue] = [:]
    var sources: [String: Source] = [:]
    for setting in settings {
      if setting.isSecret, environment[setting.environmentName] == "" {
        throw ConfigurationError("\(setting.name) is empty")
      }
      guard let source = Self.source(of: setting, file: file, environment: given) else { continue }
      values[setting.name] = try Self.value(of: setting, reader)
      sources[setting.name] = source
    }
    self.values = values
    self.sources = sources
  }

  /// `nil` for a setting that is not given and has no default.
  private static func source(
    of setting: Setting, file: [String: SettingValue], environment: [String: String]
  ) -> Source? {
    if environment[setting.environmentName] != nil { return .environment }
    if file[setting.name] != nil { return .file }
    return setting.defaultValue == nil ? nil : .default
  }

  private static func provider(of values: [String: SettingValue]) -> InMemoryProvider {
    let pairs = values.map { name, value in
      (AbsoluteConfigKey(ConfigKey(name)), ConfigValue(value.content, isSecret: false))
    }
    return InMemoryProvider(values: Dictionary(uniqueKeysWithValues: pairs))
  }

  private static func value(
    of setting: Setting, _ reader: ConfigReader
  ) throws(ConfigurationError) -> SettingValue {
    let key = ConfigKey(setting.name)
    let isSecret = setting.isSecret
    let value: SettingValue? =
      switch setting.kind {
      case .text: (try? reader.requiredString(forKey: key, isSecret: isSecret)).map { .text($0) }
      case .number: (try? reader.requiredInt(forKey: key, isSecret: isSecret)).map { .number($0) }
      case .flag: (try? reader.requiredBool(forKey: key, isSecret: isSecret)).map { .flag($0) }
      case .list:
        (try? reader.requiredStringArray(forKey: key, isSecret: isSecret)).map {
          .list($0.filter { !$0.isEmpty })
        }
      }
    guard let value else {
      throw ConfigurationError("\(setting.name) must be \(setting.kind.wanted)")
    }
    return value
  }

  public var description: String { "settings \(values.keys.sorted().joined(separator: ", "))" }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Reading them. Each throws `ConfigurationError`, which names the setting and never its value: one
/// that a module throws in its `init` stops the start.
extension Settings {
  /// - Throws: also where the setting has no default and is not given.
  public func text(_ name: String) throws(ConfigurationError) -> String {
    guard let text = try optionalText(name) else { throw missing(name) }
    return text
  }

  /// `nil` where the setting has no default and is not given.
  public func optionalText(_ name: String) throws(ConfigurationError) -> String? {
    guard let value = values[name] else { return nil }
    guard case .text(let text) = value else { throw wrongType(name, .text) }
    return text
  }

  /// - Throws: also for a number out of `range`.
  public func number(
    _ name: String, in range: ClosedRange<Int> = 0...Int.max
  ) throws(ConfigurationError) -> Int {
    guard let number = try optionalNumber(name, in: range) else { throw missing(name) }
    return number
  }

  /// `nil` where the setting has no default and is not given.
  public func optionalNumber(
    _ name: String, in range: ClosedRange<Int> = 0...Int.max
  ) throws(ConfigurationError) -> Int? {
    guard let value = values[name] else { return nil }
    guard case .number(let number) = value else { throw wrongType(name, .number) }
    guard range.contains(number) else {
      throw ConfigurationError(
        "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  public func flag(_ name: String) throws(ConfigurationError) -> Bool {
    guard let value = values[name] else { throw missing(name) }
    guard case .flag(let flag) = value else { throw wrongType(name, .flag) }
    return flag
  }

  /// The texts that are not empty.
  public func list(_ name: String) throws(ConfigurationError) -> [String] {
    guard let value = values[name] else { throw missing(name) }
    guard case .list(let list) = value else { throw wrongType(name, .list) }
    return list
  }

  /// One of the texts that an enumeration has.
  public func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Choice.Type = Choice.self
  ) throws(ConfigurationError) -> Choice {
    guard let choice = Choice(rawValue: try text(name)) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError("\(name) must be one of \(choices)")
    }
    return choice
  }

  private func missing(_ name: String) -> ConfigurationError {
    ConfigurationError("\(name) is not given, or no setting")
  }

  private func wrongType(_ name: String, _ kind: SettingValue.Kind) -> ConfigurationError {
    ConfigurationError("\(name) is not \(kind.wanted)")
  }
}

extension SettingValue.Kind {
  fileprivate var wanted: String {
    switch self {
    case .text: "text"
    case .number: "a whole number"
    case .flag: "true or false"
    case .list: "a list of texts"
    }
  }
}
