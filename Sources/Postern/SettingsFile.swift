import ForeignInput
import FoundationEssentials

/// The settings of a JSON file, under their dotted names.
///
/// ```json
/// {"tokens": {"grace": 10}, "modules": {"disabled": ["jobs"]}}
/// ```
struct SettingsFile {
  let values: [String: SettingValue]

  /// Where settings are looked for without `--config`: in the working folder, and where a package
  /// puts them (hier(7)).
  static let standardPaths = ["postern.json", installedPath]
  static let installedPath = "/etc/postern/postern.json"

  private static let decoder = JSONDecoder()

  /// - Parameters:
  ///   - isOptional: whether there may be no file.
  ///   - known: the names of all settings.
  /// - Throws: `ConfigurationError`, also for a file that others could write to, and for a name
  ///   that is no setting: misspelt, it would silently do nothing.
  init(path: String, isOptional: Bool, known: [String]) throws(ConfigurationError) {
    guard let bytes = try Self.contents(ofFile: path, isOptional: isOptional) else {
      values = [:]
      return
    }
    values = try Self.values(of: bytes, path, known: known)
  }

  /// The first file of `paths` that there is; no settings where there is none.
  /// - Throws: as for a single one.
  init(firstOf paths: [String], known: [String]) throws(ConfigurationError) {
    for path in paths {
      guard let bytes = try Self.contents(ofFile: path, isOptional: true) else { continue }
      values = try Self.values(of: bytes, path, known: known)
      return
    }
    values = [:]
  }

  /// - Parameter path: for the error.
  static func values(
    of bytes: [UInt8], _ path: String, known: [String]
  ) throws(ConfigurationError) -> [String: SettingValue] {
    guard StrictJSON.isReadable(bytes),
      let leaves = try? decoder.decode(Leaves.self, from: Data(bytes))
    else {
      throw ConfigurationError("\(path) is not a JSON object of settings, each given once")
    }
    if let unknown = Set(leaves.values.keys).subtracting(known).min() {
      throw ConfigurationError("\(path) has an unknown setting: \(unknown)")
    }
    return leaves.values
  }

  /// The leaves of nested JSON objects.
  private struct Leaves: Decodable {
    var values: [String: SettingValue] = [:]

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for key in container.allKeys {
        let name = (decoder.codingPath + [key]).map(\.stringValue).joined(separator: ".")
        // A setting may stand in an object and under its dotted name, but not in both.
        guard values[name] == nil else { throw GivenTwice() }
        if let flag = try? container.decode(Bool.self, forKey: key) {
          values[name] = .flag(flag)
        } else if let number = try? container.decode(Int.self, forKey: key) {
          values[name] = .number(number)
        } else if let text = try? container.decode(String.self, forKey: key) {
          values[name] = .text(text)
        } else if let texts = try? container.decode([String].self, forKey: key) {
          values[name] = .list(texts)
        } else {
          let inner = try container.decode(Leaves.self, forKey: key).values
          guard inner.keys.allSatisfy({ values[$0] == nil }) else { throw GivenTwice() }
          values.merge(inner) { $1 }
        }
      }
    }
  }

  private struct GivenTwice: Error {}

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
