import ArgumentParser
import Glibc
import SortedJSON

/// The option of commands that scripts read.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON, for scripts.")
  var json = false
}

/// How commands say things.
enum Output {
  private static let encoder = SortedJSONEncoder(dates: .iso8601)

  /// `value` as JSON on one line: keys sorted, dates as ISO 8601 in UTC (`2027-01-15T08:00:00Z`).
  static func jsonLine(_ value: some Encodable) throws -> String {
    String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func printJSON(_ value: some Encodable) throws { print(try jsonLine(value)) }

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
