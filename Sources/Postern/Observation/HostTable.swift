import ArgumentParser
import DocumentStore
import FoundationEssentials
import SortedJSON

/// What `postern status --hosts` shows.
struct HostTable {
  private let reports: [HostReport]
  private let time: Date

  /// - Throws: `ConfigurationError` for a store of files; `DocumentStoreError`
  init(_ configuration: PosternConfiguration, at time: Date) throws {
    guard configuration.store.isShared else {
      throw ConfigurationError(
        "store is \(configuration.store): no other host can use it; \"postern status\" shows the "
          + "service of this one")
    }
    let store = try openStore(configuration, ifMissing: .refuse())
    self.init(try HostReport.all(in: store, at: time), at: time)
  }

  init(_ reports: [HostReport], at time: Date) {
    self.reports = reports
    self.time = time
  }

  /// - Throws: `ExitStatus.notRunning` where no host says that it runs.
  func show(asJSON: Bool) throws {
    print(asJSON ? try json : text)
    if reports.allSatisfy({ $0.isSilent(at: time) }) {
      throw ExitCode(ExitStatus.notRunning.rawValue)
    }
  }

  private struct Row: Encodable {
    let host, version: String
    let pid, startedAt, seenAt, serving, workers, requests: Int
    let isSilent: Bool
  }

  /// Times are in seconds since 1970.
  var json: String {
    get throws {
      let rows = reports.map { report in
        Row(
          host: report.host, version: report.version, pid: report.pid,
          startedAt: report.startedAt, seenAt: report.seenAt, serving: report.serving,
          workers: report.workers, requests: report.requests,
          isSilent: report.isSilent(at: time))
      }
      return String(decoding: try SortedJSONEncoder().encode(["hosts": rows]), as: UTF8.self)
    }
  }

  var text: String {
    if reports.isEmpty { return "no host says that it runs" }
    let columns = ["host", "pid", "version", "since", "seen", "serving", "requests", "state"]
    let rows = reports.map { report in
      [
        Output.visible(report.host), "\(report.pid)", report.version,
        ServiceStatus.time(report.startedAt), ServiceStatus.time(report.seenAt),
        "\(report.serving)/\(report.workers)", "\(report.requests)",
        report.isSilent(at: time) ? "silent" : "runs",
      ]
    }
    return ServiceStatus.table([columns] + rows)
  }
}
