import Configuration

/// The value of a setting, in one of the four types that settings have.
public enum SettingValue: Codable, Equatable, Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([String])

  /// The type of a setting.
  public enum Kind: Sendable {
    case text, number, flag, list
  }

  public var kind: Kind {
    switch self {
    case .text: .text
    case .number: .number
    case .flag: .flag
    case .list: .list
    }
  }
}

extension SettingValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  public init(stringLiteral text: String) { self = .text(text) }
  public init(integerLiteral number: Int) { self = .number(number) }
  public init(booleanLiteral flag: Bool) { self = .flag(flag) }
  public init(arrayLiteral list: String...) { self = .list(list) }
}

extension SettingValue {
  /// As people read it, and write it in the environment.
  var text: String {
    switch self {
    case .text(let text): text
    case .number(let number): String(number)
    case .flag(let flag): String(flag)
    case .list(let list): list.isEmpty ? "–" : list.joined(separator: ",")
    }
  }

  /// As swift-configuration keeps it.
  var content: ConfigContent {
    switch self {
    case .text(let text): .string(text)
    case .number(let number): .int(number)
    case .flag(let flag): .bool(flag)
    case .list(let list): .stringArray(list)
    }
  }
}
