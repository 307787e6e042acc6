import Foundation

@testable import Postern

/// `postern.json`.
struct SettingsTarget: FuzzTarget {
  static let name = "settings"

  private let settings: [Setting]

  init() throws { settings = try ModuleList(checking: standardModules).settings }

  func seeds() -> [[UInt8]] {
    [
      #"{"data":"/d","workers":3,"throttle":{"enabled":false},"tokens":{"grace":0,"issuer":"1"},"modules":{"disabled":["jobs","login"]}}"#,
      #"{"tokens.accessSecret":"Vb7Zl0mF3kq8xT2wY5nR9sD1gH4jK6pA","tokens":{"refreshSecret":"Qe8Ru2Ty6Ui0Op4As1Df5Gh9Jk3Lz7Xc"}}"#,
      #"{"cors":{"allowedOrigins":["https://app.example.com"]},"log.level":"debug","sessions":{"limit":5,"whenFull":"reset"}}"#,
    ].map { Array($0.utf8) }
  }

  var words: [String] {
    settings.map(\.name) + settings.flatMap { $0.name.split(separator: ".").map(String.init) }
      + ["true", "false", "null", "9223372036854775807", "-1", "1e3", "1.0", "https://"]
  }

  func run(_ bytes: [UInt8]) throws {
    let known = settings.map(\.name)
    guard let values = try? SettingsFile.values(of: bytes, "postern.json", known: known) else {
      return
    }
    let flat = try JSONEncoder().encode(values.mapValues(Leaf.init))
    try require(
      SettingsFile.values(of: Array(flat), "postern.json", known: known) == values,
      "written and read they differ")
    do {
      _ = try PosternConfiguration(Settings(settings, file: values, environment: [:]))
    } catch {
      for setting in settings where setting.isSecret {
        guard case .text(let secret)? = values[setting.name], secret.utf8.count > 8 else {
          continue
        }
        require(!error.description.contains(secret), "the error tells a secret")
      }
    }
  }

  private struct Leaf: Encodable {
    let value: SettingValue

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch value {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      case .flag(let flag): try container.encode(flag)
      case .list(let list): try container.encode(list)
      }
    }
  }
}
