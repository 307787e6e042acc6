import Logging
import Synchronization

/// Keeps all that is logged through it, as text.
final class RecordingLog: Sendable {
  private let stored = Mutex<[String]>([])

  var lines: [String] { stored.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: RecordingLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        .map { "\($0)=\($1)" }.sorted().joined(separator: " ")
      log.stored.withLock { $0.append("\(event.level) \(event.message) \(fields)") }
    }
  }
}
