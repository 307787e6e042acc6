/// One setting: its name, type, default and what it does.
public struct Setting: Sendable {
  /// Its dotted name in `postern.json`, such as `notes.limit`. In the environment it is
  /// `POSTERN_NOTES_LIMIT`.
  public let name: String
  public let kind: SettingValue.Kind
  /// `nil` for a setting that may be left out.
  public let defaultValue: SettingValue?
  /// One line for `serve --help`.
  public let help: String
  /// Whether its value is never shown.
  public let isSecret: Bool

  /// A setting that has the type of its default.
  public init(_ name: String, _ defaultValue: SettingValue, _ help: String, isSecret: Bool = false)
  {
    self.init(name, defaultValue.kind, defaultValue, help, isSecret)
  }

  /// A setting without a default.
  public init(_ name: String, none kind: SettingValue.Kind, _ help: String, isSecret: Bool = false)
  {
    self.init(name, kind, nil, help, isSecret)
  }

  private init(
    _ name: String, _ kind: SettingValue.Kind, _ defaultValue: SettingValue?, _ help: String,
    _ isSecret: Bool
  ) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.help = help
    self.isSecret = isSecret
  }

  /// Postern's own: the one list of them.
  static let own: [Setting] = [
    Setting("data", "./data", "folder of tokens/, users/, jobs/ and keys.json"),
    Setting("run", "./run", "folder of postern.sock and postern.pid"),
    Setting("workers", none: .number, "worker processes (default: number of cores)"),
    Setting(
      "workers.maxRequests", 0, "requests after which a worker is replaced; 0 for no limit"),
    Setting(
      "store", "file", "where documents are kept: file, file:PATH, redis://… or postgresql://…"),
    Setting(
      "tokens.accessSecret", none: .text,
      "HS256 secret, 32 random bytes or more, instead of keys.json", isSecret: true),
    Setting(
      "tokens.refreshSecret", none: .text, "another one, for refresh tokens", isSecret: true),
    Setting("tokens.accessLifetime", 900, "seconds that an access token lives"),
    Setting("tokens.refreshLifetime", 2_592_000, "seconds that a refresh token lives"),
    Setting("tokens.grace", 30, "seconds that a replaced refresh token is still answered"),
    Setting("tokens.issuer", "postern", "claim iss of all tokens"),
    Setting("tokens.audience", none: .text, "claim aud of access tokens (default: none)"),
    Setting(
      "sessions.lifetime", 7_776_000, "seconds that a session lives, however often refreshed"),
    Setting("sessions.limit", 5, "live sessions that a user may have"),
    Setting("sessions.whenFull", "reset", "a sign-in beyond: reset or evict-oldest"),
    Setting("sessions.check", "always", "requests whose session must be live: always or writes"),
    Setting(
      "passwords.minimumLength", 15, "characters that a new password has at least, from 8 to 64"),
    Setting("site.origin", "http://localhost:8080", "origin of the pages, for one-time links"),
    Setting("sweep.interval", 3600, "seconds between sweeps of the store; 0 turns them off"),
    Setting("throttle.enabled", true, "slow down guessing by account and by address"),
    Setting("cors.allowedOrigins", [], "origins of other sites that may call"),
    Setting("modules.disabled", [], "names of modules to leave out"),
    Setting("log.level", "info", "trace, debug, info, notice, warning, error or critical"),
    Setting("log.format", "auto", "text, json, or auto: text on a terminal, else JSON"),
    Setting("log.requests", false, "log a line for each request, at the level info"),
    Setting("tokens.clientId", "web", "claim client_id of access tokens that have an aud"),
    Setting(
      "workers.requestTimeout", 30,
      "seconds after which a worker that holds a request is ended; 0 for no limit"),
    Setting(
      "store.redis.waitReplicas", 0, "replicas that have a change before it is answered (WAIT)"),
    Setting(
      "disk.reserve", 64, "MiB of the disk that sign-ins and new documents leave free; 0 for none"),
  ]

  /// `tokens.accessSecret` as the environment has it: `POSTERN_TOKENS_ACCESS_SECRET`.
  var environmentName: String {
    let words = name.map { character in
      character == "." ? "_" : character.isUppercase ? "_\(character)" : String(character)
    }
    return "POSTERN_" + words.joined().uppercased()
  }

  /// Whether its value may hold a secret, so that child processes do not get it in their environment.
  var isWithheld: Bool { isSecret || name == "store" }

  /// The default as the help shows it.
  var shownDefault: String {
    isSecret ? "–" : defaultValue?.text ?? "–"
  }
}

extension [Setting] {
  /// One a line, for `--help`.
  var table: String {
    let width = map(\.environmentName.count).max() ?? 0
    return map { setting in
      let padding = String(repeating: " ", count: width - setting.environmentName.count)
      return "  \(setting.environmentName)\(padding)  \(setting.help) [\(setting.shownDefault)]"
    }.joined(separator: "\n")
  }
}
