import FoundationEssentials
import Glibc
import SharedMetrics
import SystemCalls

/// What the shared segment says of a running service. Read without asking any of its processes.
struct ServiceStatus: Encodable, Equatable {
  struct Worker: Encodable, Equatable {
    var pid: Int
    /// In seconds since 1970.
    var startedAt: Int
    var isReady: Bool
    var requests: Int
    var busyThreads: Int
    var spareThreads: Int
    var connections: Int
    /// Resident memory in bytes, that of the shared segment too.
    var memory: Int
  }

  struct Reloads: Encodable, Equatable {
    var done: Int
    var refused: Int
    var givenUp: Int
  }

  var pid: Int
  /// In seconds since 1970.
  var startedAt: Int
  /// In seconds.
  var uptime: Int
  var workers: [Worker]
  var connections: Int
  var restarts: Int
  var reloads: Reloads

  init(of process: pid_t, _ segment: MetricsSegment, at time: Date) {
    func count(_ name: String, _ label: String? = nil) -> Int {
      Int(clamping: segment.count(name, label: label))
    }
    pid = Int(process)
    startedAt = Int(clamping: segment.startTime)
    uptime = max(0, Int(time.timeIntervalSince1970) - startedAt)
    workers = segment.processes.map(Worker.init).sorted { $0.pid < $1.pid }
    connections = workers.reduce(0) { $0 + $1.connections }
    restarts = count("postern_worker_restarts_total")
    reloads = Reloads(
      done: count("postern_reloads_total", #"outcome="done""#),
      refused: count("postern_reloads_total", #"outcome="refused""#),
      givenUp: count("postern_reloads_total", #"outcome="given_up""#))
  }
}

extension ServiceStatus.Worker {
  fileprivate init(_ report: ProcessReport) {
    func gauge(_ name: String, _ labels: String = "") -> Int {
      Int(exactly: report.gauge(name, labels).rounded()) ?? 0
    }
    pid = Int(report.pid)
    startedAt = Int(clamping: report.startTime)
    isReady = report.isReady
    requests = Int(clamping: report.requests)
    busyThreads = gauge("postern_threads", #"state="busy""#)
    spareThreads = gauge("postern_threads", #"state="spare""#)
    connections = gauge("postern_connections")
    memory = residentMemory(of: report.pid)
  }
}

/// In bytes (proc_pid_statm(5)); 0 where the process is gone.
private func residentMemory(of process: pid_t) -> Int {
  guard let file = try? System.open("/proc/\(process)/statm", O_RDONLY),
    let bytes = try? System.read(file, limit: 256)
  else { return 0 }
  let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
  return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
}

extension ServiceStatus {
  /// For people.
  var text: String {
    let columns = ["pid", "since", "ready", "requests", "busy", "spare", "connections", "MiB"]
    let rows = workers.map { worker in
      [
        "\(worker.pid)", Self.time(worker.startedAt), worker.isReady ? "yes" : "no",
        "\(worker.requests)", "\(worker.busyThreads)", "\(worker.spareThreads)",
        "\(worker.connections)", "\(worker.memory >> 20)",
      ]
    }
    let refused = reloads.refused + reloads.givenUp
    return """
      postern runs as process \(pid) since \(Self.time(startedAt))
      \(restarts) restarts of workers, \(reloads.done) reloads, \(refused) refused
      \(Self.table([columns] + rows))
      """
  }

  static func time(_ seconds: Int) -> String {
    Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
  }

  /// Rows in columns, as wide as what stands in them.
  static func table(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { text, width in
        String(repeating: " ", count: width - text.count) + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
