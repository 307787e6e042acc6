import FoundationEssentials
import Glibc
import Logging

/// Writes each event as one line to standard error: time, level, message, `key=value` pairs.
///
/// Whatever comes in from outside stays on its line: control characters are escaped and long
/// values are cut.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  private static let longestValue = 512

  init(level: Logger.Level) {
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let line = Self.line(
      at: Date(), event.level, "\(event.message)",
      metadata.merging(event.metadata ?? [:]) { $1 })
    let bytes = Array(line.utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  static func line(
    at time: Date, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }
    return "\(time.formatted(style)) \(level) \(escaped(message))\(pairs.joined())\n"
  }

  private static func quoted(_ value: String) -> String {
    let text = escaped(value.unicodeScalars.prefix(longestValue), quotes: true)
    return text.utf8.isEmpty || text.utf8.contains(where: [UInt8](" \"".utf8).contains)
      ? "\"\(text)\"" : text
  }

  private static func escaped(_ text: String) -> String {
    escaped(text.unicodeScalars, quotes: false)
  }

  /// Escapes what could end the line or steer a terminal or the eye of its reader. Goes by scalars:
  /// as characters, a quotation mark with an accent is none.
  private static func escaped(_ text: some Sequence<UnicodeScalar>, quotes: Bool) -> String {
    text.reduce(into: "") { line, scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
        line += scalar.escaped(asASCII: true)
      case _ where scalar == "\\" || (quotes && scalar == "\""):
        line += "\\\(scalar)"
      default:
        line.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Logger {
  /// The log of this process.
  static func postern(level: Logger.Level) -> Logger {
    Logger(label: ownLabel) { _ in LineLogHandler(level: level) }
  }

  /// The log of this process, and from now on of every logger that a module makes for itself: its
  /// lines have the same form, and name it. To be called once.
  static func startPostern(level: Logger.Level) -> Logger {
    LoggingSystem.bootstrap { label in
      var handler = LineLogHandler(level: level)
      if label != ownLabel { handler[metadataKey: "logger"] = "\(label)" }
      return handler
    }
    return Logger(label: ownLabel)
  }

  private static let ownLabel = "postern"
}
