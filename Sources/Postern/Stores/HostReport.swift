import DocumentStore
import FoundationEssentials
import Glibc
import SharedMetrics

/// What a running service on one of the hosts of a shared store says of itself, time after time.
struct HostReport: Document {
  static let collection = "hosts"

  /// The machine's name.
  var host: String
  /// Of the supervisor.
  var pid: Int
  var version: String
  /// In seconds since 1970, by the host's own clock.
  var startedAt, seenAt: Int
  /// Workers that serve, and as many as there are to be.
  var serving, workers: Int
  /// Answered since the start.
  var requests: Int

  /// From one to the next.
  static let interval = Duration.seconds(10)
  /// Seconds after which a host that says nothing is silent: it is down, or cannot reach the store.
  private static let patience = 35
  /// Seconds for which a host that says nothing is remembered.
  private static let memory = 3600

  var expiry: Date? { Date(timeIntervalSince1970: TimeInterval(seenAt + Self.memory)) }

  func isSilent(at time: Date) -> Bool {
    Int(time.timeIntervalSince1970) - seenAt > Self.patience
  }

  /// Those of all hosts, in order.
  /// - Throws: `DocumentStoreError`
  static func all(in store: any DocumentStore, at time: Date) throws -> [HostReport] {
    try store.keys(of: HostReport.self)
      .compactMap { try store.read(HostReport.self, $0) }
      .filter { !$0.hasExpired(at: time) }
      .sorted { ($0.host, $0.pid) < ($1.host, $1.pid) }
  }

  /// Drops those that are not remembered any longer, where the engine has not.
  static func sweep(_ store: any DocumentStore, at time: Date, pause: () -> Void) throws {
    _ = try store.sweep(HostReport.self, pause: pause) { report in
      if report?.hasExpired(at: time) == true { report = nil }
    }
  }
}

extension HostReport {
  init(of segment: MetricsSegment, workers: Int, at time: Date = Date()) {
    host = Self.hostName
    pid = Int(getpid())
    version = Postern.version
    startedAt = Int(clamping: segment.startTime)
    seenAt = Int(time.timeIntervalSince1970)
    serving = segment.processes.count(where: \.isReady)
    self.workers = workers
    requests = Int(clamping: segment.count("postern_http_requests_total"))
  }

  /// gethostname(2).
  static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
