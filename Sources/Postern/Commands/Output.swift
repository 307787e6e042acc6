import Glibc
import SortedJSON

/// How commands say things.
enum Output {
  private static let encoder = SortedJSONEncoder(dates: .iso8601)

  /// Prints a value as one line of JSON.
  static func printJSON(_ value: some Encodable) throws {
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Writes a line to standard error.
  static func complain(_ text: String) {
    let line = text + "\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
  }

  /// The text with what could steer a terminal escaped.
  static func visible(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { visible, scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        visible += scalar.escaped(asASCII: true)
      default: visible.unicodeScalars.append(scalar)
      }
    }
  }
}
