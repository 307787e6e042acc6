import ArgumentParser
import FoundationEssentials
import SystemCalls
import Tokens

extension KeyCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the keys: id, kind of token, algorithm, state, and when it was made.",
      discussion: """
        The states: "active" signs; "pending" signs from a time on, and verifies already; \
        "verifying" verifies what it has signed; "retired" does neither. Secrets are never shown.

          postern key list
        """)

    @Flag(
      help:
        "Print an array of objects with the fields kid, kind, algorithm, state, source, createdAt, signsFrom and verifiesUntil."
    )
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.forbidDumps()
      let configuration = try settings.load()
      let rows = try KeyRow.all(configuration, at: Date())
      if json {
        try Output.printJSON(rows)
      } else {
        printTable(
          [["KEY", "KIND", "ALGORITHM", "STATE", "MADE"]]
            + rows.map {
              [$0.kid, $0.kind, $0.algorithm ?? "–", $0.shownState, $0.createdAt ?? "–"]
            })
      }
    }
  }
}

/// A key as it is listed.
struct KeyRow: Encodable {
  let kid: String
  let kind: String
  /// `nil` for a retired one.
  let algorithm: String?
  let state: String
  let source: Source
  /// Times as ISO 8601; `nil` where there is none, or it is not known.
  let createdAt, signsFrom, verifiesUntil: String?

  enum Source: String, Encodable {
    case file, environment
  }

  /// The keys of the environment, and those of `keys.json` of the kinds that it has none for.
  static func all(_ configuration: PosternConfiguration, at time: Date) throws -> [KeyRow] {
    let given: [KeyFile.Kind: KeySecret?] = [
      .access: configuration.accessSecret, .refresh: configuration.refreshSecret,
    ]
    let file = try configuration.keyFile()
    return KeyFile.Kind.allCases.flatMap { kind in
      if let secret = given[kind] ?? nil {
        return rows(KeySet(signing: secret), kind, .environment, time)
      }
      return file.map { rows($0[kind], kind, .file, time) } ?? []
    }
  }

  private static func rows(
    _ keys: KeySet, _ kind: KeyFile.Kind, _ source: Source, _ time: Date
  ) -> [KeyRow] {
    let now = Int(time.timeIntervalSince1970)
    let used = keys.keys.filter { ($0.verifiesUntil ?? .max) > now }
    let ended = keys.keys.filter { ($0.verifiesUntil ?? .max) <= now }.map(\.id)
    return used.map { key in
      let state = keys.state(of: key, at: now)
      return KeyRow(
        kid: key.id, kind: kind.rawValue, algorithm: key.secret.algorithm.rawValue,
        state: state.rawValue, source: source, createdAt: key.createdAt.map(text),
        signsFrom: state == .pending ? key.signsFrom.map(text) : nil,
        verifiesUntil: key.verifiesUntil.map(text))
    }
      + (ended + keys.retired).map {
        KeyRow(
          kid: $0, kind: kind.rawValue, algorithm: nil, state: "retired", source: source,
          createdAt: nil, signsFrom: nil, verifiesUntil: nil)
      }
  }

  static func text(_ time: NumericDate) -> String {
    Date(timeIntervalSince1970: TimeInterval(time)).formatted(.iso8601)
  }

  var shownState: String {
    let times = [signsFrom.map { "from \($0)" }, verifiesUntil.map { "until \($0)" }]
    let place = source == .environment ? ["of the environment"] : []
    return ([state] + times.compactMap(\.self) + place).joined(separator: " ")
  }
}

/// Prints rows in columns.
private func printTable(_ rows: [[String]]) {
  let widths = (rows.first ?? []).indices.map { column in rows.map(\.[column].count).max() ?? 0 }
  for row in rows {
    let cells = zip(row, widths).map { text, width in
      text + String(repeating: " ", count: width - text.count)
    }
    var line = cells.joined(separator: "  ")
    while line.hasSuffix(" ") { line.removeLast() }
    print(line)
  }
}
