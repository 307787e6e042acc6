import Logging
import Synchronization

/// The lines that were logged: level, message and `key=value` pairs.
final class CapturedLog: Sendable {
  private let captured = Mutex<[String]>([])
  private let recorded = Mutex<[Logger.Metadata]>([])

  var lines: [String] { captured.withLock { $0 } }
  /// The fields of each line.
  var fields: [Logger.Metadata] { recorded.withLock { $0 } }
  /// Of every level.
  var logger: Logger { Logger(label: "test") { _ in CapturingLogHandler(log: self) } }

  fileprivate func append(_ line: String, _ fields: Logger.Metadata) {
    captured.withLock { $0.append(line) }
    recorded.withLock { $0.append(fields) }
  }
}

private struct CapturingLogHandler: LogHandler {
  let log: CapturedLog
  var logLevel = Logger.Level.trace
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }
    let pairs = fields.map { " \($0.key)=\($0.value)" }
    log.append("\(event.level) \(event.message)\(pairs.sorted().joined())", fields)
  }
}
