import Crypto
import DocumentStore
import FoundationEssentials
import Glibc
import Logging
import SharedMetrics
import Synchronization
import SystemCalls
import Tokens

/// A thread of the supervisor that writes a `HostReport` into a shared store, time after time. The
/// supervisor itself never waits for a store.
///
/// Where the servers could not be asked at the start, it also tells the log what is wrong with them as
/// soon as they can.
final class Heartbeat: Sendable {
  private let store: any DocumentStore
  private let keys: KeyFile
  private let segment: MetricsSegment
  private let workers: Int
  private let run: String
  private let logger: Logger
  /// By one a thread hears that it is to end, by the other it says that it has.
  private let stopping: (read: FileDescriptor, write: FileDescriptor)
  private let ended: (read: FileDescriptor, write: FileDescriptor)

  /// How long the end may take that removes the report, in milliseconds. A store that is down must not
  /// keep the service from stopping.
  private static let patience: Int32 = 2_000

  /// Begins. `nil` where the store is of this machine alone.
  /// - Parameter isChecked: whether the servers were asked.
  init?(
    _ plan: WorkerPlan, segment: MetricsSegment, run: String, isChecked: Bool, logger: Logger
  ) throws {
    let configuration = plan.configuration
    guard configuration.store.isShared else { return nil }
    store = try openStore(configuration, ifMissing: .refuse())
    keys = try Inheritance(from: plan.inheritance).keys
    workers = configuration.workers
    self.segment = segment
    self.run = run
    self.logger = logger
    stopping = try System.pipe()
    ended = try System.pipe()
    try System.startThread { [self] in beat(isChecked: isChecked) }.detach()
  }

  /// Ends it, and takes the report away.
  func stop() {
    end(removes: true)
    _ = try? System.waitForInput([ended.read.number], milliseconds: Self.patience)
  }

  /// Ends it. Another one goes on.
  func handOver() { end(removes: false) }

  private func end(removes: Bool) { try? System.write([removes ? 1 : 0], to: stopping.write) }

  private func beat(isChecked: Bool) {
    var isChecked = isChecked
    var trouble: String?
    var pause = HostReport.interval
    repeat {
      do {
        if !isChecked {
          for warning in try checkStore(store, keys: keys) { logger.warning("store: \(warning)") }
          isChecked = true
        }
        let report = HostReport(of: segment, workers: workers)
        pause = report.serving == report.workers ? HostReport.interval : .seconds(1)
        try store.update(HostReport.self, key) { $0 = report }
        if trouble != nil { logger.notice("the store can be asked again") }
        trouble = nil
      } catch {
        // Said once, however long it lasts.
        if "\(error)" != trouble {
          logger.warning("the store cannot be used", metadata: ["error": "\(error)"])
        }
        trouble = "\(error)"
      }
    } while !isToEnd(after: pause)
    if (try? System.read(stopping.read, limit: 1)) == [1] {
      try? store.update(HostReport.self, key) { $0 = nil }
    }
    try? System.write([0], to: ended.write)
  }

  /// Waits until the next report is due.
  private func isToEnd(after pause: Duration) -> Bool {
    let ready = try? System.waitForInput(
      [stopping.read.number], milliseconds: Supervisor.milliseconds(pause))
    return ready?.isEmpty == false
  }

  /// One for each run folder of a host: a service that is started again takes the place of the one
  /// before.
  private var key: String {
    SHA256.hash(data: Array("\(HostReport.hostName)\n\(run)".utf8)).prefix(16).hexadecimal
  }
}
