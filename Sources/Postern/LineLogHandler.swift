import FoundationEssentials
import Glibc
import Logging

/// Writes each event as one line to standard error: as text, or as JSON.
///
/// Whatever comes in from outside stays on its line: control characters are escaped and long
/// values are cut. Nor does it fill the log: see `LineBudget`.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  private let isJSON: Bool
  private let budget: LineBudget

  /// - Parameter budget: of all loggers of the process.
  init(level: Logger.Level, format: LogFormat, budget: LineBudget) {
    logLevel = level
    isJSON = format.isJSON
    self.budget = budget
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let message = "\(event.message)"
    guard let skipped = budget.admit(message, event.level) else { return }
    let form = isJSON ? Self.json(at:_:_:_:) : Self.line(at:_:_:_:)
    var metadata = metadata.merging(event.metadata ?? [:]) { $1 }
    if skipped > 0 { metadata["skipped"] = "\(skipped)" }
    let line = form(Date(), event.level, message, metadata)
    let bytes = Array(line.utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Time, level, message, `key=value` pairs by their keys.
  static func line(
    at time: Date, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    let pairs = metadata.sorted { $0.key < $1.key }.map { key, value in
      " \(LogText.cut(key))=\(LogText.quoted("\(value)"))"
    }
    return "\(time.formatted(style)) \(level) \(LogText.cut(message))\(pairs.joined())\n"
  }

  /// An object of `time`, `level`, `message`, and then of the pairs by their keys, all of them texts.
  static func json(
    at time: Date, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    let own = [("time", time.formatted(style)), ("level", "\(level)"), ("message", message)]
    let pairs = metadata.sorted { $0.key < $1.key }.map { key, value in
      (own.contains { $0.0 == key } ? "\(key)_" : key, "\(value)")
    }
    let members = (own + pairs).map { key, value in
      "\"\(LogText.json(key))\":\"\(LogText.json(value))\""
    }
    return "{\(members.joined(separator: ","))}\n"
  }

  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

extension Logger {
  /// The log of this process.
  static func postern(_ configuration: PosternConfiguration) -> Logger {
    let budget = LineBudget()
    return Logger(label: ownLabel) { _ in
      LineLogHandler(
        level: configuration.logLevel, format: configuration.logFormat, budget: budget)
    }
  }

  /// The log of this process, and from now on of every logger that a module makes for itself: its
  /// lines have the same form, and name it. To be called once.
  static func startPostern(_ configuration: PosternConfiguration) -> Logger {
    let budget = LineBudget()
    LoggingSystem.bootstrap { label in
      var handler = LineLogHandler(
        level: configuration.logLevel, format: configuration.logFormat, budget: budget)
      if label != ownLabel { handler[metadataKey: "logger"] = "\(label)" }
      return handler
    }
    return Logger(label: ownLabel)
  }

  private static let ownLabel = "postern"
}
