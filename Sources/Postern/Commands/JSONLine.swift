import ArgumentParser
import FoundationEssentials

/// The option of commands that scripts read.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON, for scripts.")
  var json = false
}

/// `value` as JSON on one line: keys sorted, dates as ISO 8601 in UTC (`2027-01-15T08:00:00Z`).
func jsonLine(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.dateEncodingStrategy = .iso8601
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// What a client sent, for a terminal: all but visible ASCII is escaped.
func visible(_ text: String) -> String {
  text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
}
