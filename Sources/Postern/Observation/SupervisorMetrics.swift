import CoreMetrics
import FoundationEssentials
import Glibc
import SharedMetrics
import SystemCalls

/// The segment that all processes of the service count in, and what the supervisor counts itself.
struct SupervisorMetrics {
  /// For workers, as `WorkerMetrics.descriptor`.
  let file: FileDescriptor
  let segment: MetricsSegment
  private let ends: [WorkerEnd: Counter]
  private let reloads: [ReloadOutcome: Counter]

  /// How a worker ended that was not told to.
  enum WorkerEnd: String, CaseIterable {
    /// By itself, such as after its last request.
    case exited
    case failed
  }

  enum ReloadOutcome: String, CaseIterable {
    case done, refused
    case givenUp = "given_up"
  }

  init(in run: RunFolder) throws {
    let file = try run.makeMetricsFile()
    self.init(file, try MetricsSegment(making: file, at: UInt64(Date().timeIntervalSince1970)))
  }

  /// Goes on counting, or begins anew where the earlier program laid the segment out otherwise.
  init(takingOver state: SupervisorState, in run: RunFolder) throws {
    let file = FileDescriptor(state.metrics)
    do {
      self.init(file, try MetricsSegment(file, isWritable: true))
    } catch is ForeignSegment {
      try self.init(in: run)
    }
  }

  private init(_ file: FileDescriptor, _ segment: MetricsSegment) {
    self.file = file
    self.segment = segment
    let factory = SharedMetricsFactory(segment, nil)
    ends = Dictionary(
      uniqueKeysWithValues: WorkerEnd.allCases.map {
        ($0, Self.counter("postern.worker.restarts", "reason", $0.rawValue, factory))
      })
    reloads = Dictionary(
      uniqueKeysWithValues: ReloadOutcome.allCases.map {
        ($0, Self.counter("postern.reloads", "outcome", $0.rawValue, factory))
      })
  }

  private static func counter(
    _ label: String, _ dimension: String, _ value: String, _ factory: SharedMetricsFactory
  ) -> Counter {
    Counter(label: label, dimensions: [(dimension, value)], factory: factory)
  }

  /// A child process has ended. To be called before its number can be another's.
  func noteEnd(of process: pid_t) { segment.noteEnd(of: process) }

  func countRestart(after end: ProcessEnd) {
    ends[end == .exited(status: 0) ? .exited : .failed]?.increment()
  }

  func countReload(_ outcome: ReloadOutcome) { reloads[outcome]?.increment() }
}
