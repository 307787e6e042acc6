import ArgumentParser

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show every setting: its value, and where that comes from.",
    discussion: """
      What "postern serve" and "postern reload" would use, here and now: a running service goes by \
      the environment of its start, and by the file as it was at its last reload. A value comes \
      from the environment, else from the file, which is named, else it is the default. Secrets are \
      not shown. Settings that cannot be used are an error, with the exit status 78.

        postern config
        postern config --json | jq -r 'select(.source != "default").name'

      With --json, each line is an object: name, source (environment, file, default or unset), \
      value; in place of a secret's value, "isSecret": true.
      """)

  @OptionGroup var output: OutputOptions
  @OptionGroup var settings: SettingsOptions

  func run() throws {
    let configuration = try settings.load()
    _ = try ModuleList.current.enabled(configuration)
    let shown = ModuleList.current.settings.map { ShownSetting($0, in: configuration) }
    if output.json {
      for setting in shown { try Output.printJSON(setting) }
    } else {
      let names = shown.map(\.name)
      let sources = shown.map { $0.origin(file: settings.path) }
      for (setting, (name, source)) in zip(shown, zip(padded(names), padded(sources))) {
        print("\(name)  \(source)  \(setting.text)")
      }
    }
  }

  private func padded(_ texts: [String]) -> [String] {
    let width = texts.map(\.count).max() ?? 0
    return texts.map { $0 + String(repeating: " ", count: width - $0.count) }
  }
}

/// A setting and what it is, without the value of a secret.
struct ShownSetting: Encodable {
  let name: String
  /// `nil` for a setting that is not given and has no default.
  private let source: Settings.Source?
  private let value: SettingValue?
  private let isSecret: Bool

  init(_ setting: Setting, in configuration: PosternConfiguration) {
    name = setting.name
    isSecret = setting.isSecret
    switch (configuration.settings.sources[setting.name], setting.name) {
    // Its default is not written down anywhere: it is the machine's.
    case (nil, "workers"): (source, value) = (.default, .number(configuration.workers))
    // Without the password.
    case (let source, "store"):
      (self.source, value) = (source, .text(configuration.store.description))
    case (let source, _):
      self.source = source
      value = setting.isSecret ? nil : configuration.settings.values[setting.name]
    }
  }

  func origin(file: String) -> String {
    source == .file ? file : source?.rawValue ?? Self.unset
  }

  var text: String {
    if isSecret, source != nil { return "(secret)" }
    return value.map(\.text) ?? "\u{2013}"
  }

  private static let unset = "unset"

  private enum CodingKeys: CodingKey {
    case name, source, value, isSecret
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(source?.rawValue ?? Self.unset, forKey: .source)
    if isSecret { try container.encode(true, forKey: .isSecret) }
    switch value {
    case .text(let text): try container.encode(text, forKey: .value)
    case .number(let number): try container.encode(number, forKey: .value)
    case .flag(let flag): try container.encode(flag, forKey: .value)
    case .list(let list): try container.encode(list, forKey: .value)
    case nil: break
    }
  }
}
