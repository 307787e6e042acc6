import Configuration

/// One setting: its dotted name, its default and what it does. The one list of all of them.
struct Setting: Sendable {
  let name: String
  let defaultValue: ConfigContent?
  let help: String

  init(_ name: String, _ defaultValue: ConfigContent?, _ help: String) {
    self.name = name
    self.defaultValue = defaultValue
    self.help = help
  }

  static let all: [Setting] = [
    Setting("data", "./data", "folder of tokens/, users/, jobs/ and keys.json"),
    Setting("run", "./run", "folder of postern.sock and postern.pid"),
    Setting("workers", nil, "worker processes (default: number of cores)"),
    Setting("store", "file", "where documents are kept; there is only this one"),
    Setting(
      "tokens.accessSecret", nil, "HS256 secret, 32 random bytes or more, instead of keys.json"),
    Setting("tokens.refreshSecret", nil, "another one, for refresh tokens"),
    Setting("tokens.accessLifetime", 900, "seconds that an access token lives"),
    Setting("tokens.refreshLifetime", 2_592_000, "seconds that a refresh token lives"),
    Setting("tokens.grace", 30, "seconds that a replaced refresh token is still answered"),
    Setting("tokens.issuer", "postern", "claim iss of all tokens"),
    Setting("tokens.audience", nil, "claim aud of access tokens (default: none)"),
    Setting(
      "sessions.lifetime", 7_776_000, "seconds that a session lives, however often refreshed"),
    Setting("sessions.limit", 5, "live sessions that a user may have"),
    Setting("sessions.whenFull", "reset", "a sign-in beyond: reset or evict-oldest"),
    Setting("sweep.interval", 3600, "seconds between sweeps of the store; 0 turns them off"),
    Setting("throttle.enabled", true, "slow down guessing by account and by address"),
    Setting("cors.allowedOrigins", .stringArray([]), "origins of other sites that may call"),
    Setting("modules.disabled", .stringArray([]), "names of modules to leave out"),
    Setting("log.level", "info", "trace, debug, info, notice, warning, error or critical"),
  ]

  /// `tokens.accessSecret` as the environment has it: `POSTERN_TOKENS_ACCESS_SECRET`.
  var environmentName: String {
    let words = name.map { character in
      character == "." ? "_" : character.isUppercase ? "_\(character)" : String(character)
    }
    return Self.environmentPrefix + words.joined().uppercased()
  }

  /// What the environment may hold that only workers need.
  static let secretEnvironmentNames = all.filter(\.isSecret).map(\.environmentName)

  var isSecret: Bool { name.hasSuffix("Secret") }

  static let environmentPrefix = "POSTERN_"

  /// The default as the help shows it.
  var shownDefault: String {
    switch defaultValue {
    case .string(let text): text
    case .int(let number): String(number)
    case .bool(let flag): String(flag)
    default: "–"
    }
  }

  /// All settings, one a line, for `--help`.
  static var table: String {
    let width = all.map(\.environmentName.count).max() ?? 0
    return all.map { setting in
      let padding = String(repeating: " ", count: width - setting.environmentName.count)
      return "  \(setting.environmentName)\(padding)  \(setting.help) [\(setting.shownDefault)]"
    }.joined(separator: "\n")
  }
}
