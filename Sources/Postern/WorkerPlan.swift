import FastCGI
import Glibc
import SystemCalls

/// What workers are started with: the program, the settings and the keys of one moment.
struct WorkerPlan {
  let configuration: PosternConfiguration
  /// The file itself, whatever lies at its path by now.
  let program: FileDescriptor
  let inheritance: FileDescriptor
  /// What it was read from.
  let data: DataState
  /// Whether the program can also take the supervisor's place.
  var canSupervise = true

  /// Where a child finds its program (proc(5)).
  private static let programDescriptor: Int32 = 8

  /// For a child: it runs by now.
  static func closeProgram() { _ = FileDescriptor(programDescriptor) }

  /// Starts the program with `arguments`.
  /// - Parameters:
  ///   - name: what it is called in lists of processes.
  ///   - descriptors: those of the child, as `System.spawn` has them.
  static func start(
    _ program: FileDescriptor, named name: String, _ arguments: [String],
    descriptors: [Int32: FileDescriptor], withheld: [String] = []
  ) throws -> pid_t {
    try System.spawn(
      "/proc/self/fd/\(programDescriptor)", named: name, arguments: arguments,
      descriptors: descriptors.merging([programDescriptor: program]) { $1 }, withheld: withheld)
  }
}

/// A worker process.
struct WorkerProcess {
  let id: pid_t
  /// Whether it was started with the plan that was tried last, and not with an earlier one.
  var isOfLatestPlan = true
  let startedAt = ContinuousClock.now
  /// The end of the pipe that its reports come from; `nil` once it has closed the other.
  var reports: FileDescriptor?
  /// `nil` where it need not report.
  let requestLimit: RequestLimit?
  /// Whether it serves.
  var isReady = false
  /// When it does not react, unless it reports before.
  private(set) var silentAt: SuspendingClock.Instant?

  init(id: pid_t, reports: FileDescriptor?, requestLimit: RequestLimit?) {
    self.id = id
    self.reports = reports
    self.requestLimit = requestLimit
  }

  /// It has reported. One that never does is of an earlier version.
  mutating func noteAlive() { silentAt = requestLimit.map { .now + $0.silence } }

  /// Nothing can be said of the time until now.
  mutating func forgiveSilence() { if silentAt != nil { noteAlive() } }
}

/// The place of one of the workers that are to run.
struct WorkerSlot {
  var current: WorkerProcess?
  /// Takes the place of `current` as soon as it serves.
  var successor: WorkerProcess?
  /// When the next process may be started.
  var startAt = ContinuousClock.now
  var restart = RestartPolicy()

  /// The process in it of this id is gone.
  /// - Returns: it, and whether it was the successor; `nil` where there was none.
  mutating func remove(_ id: pid_t) -> (process: WorkerProcess, wasSuccessor: Bool)? {
    if let process = successor, process.id == id {
      successor = nil
      return (process, true)
    }
    guard let process = current, process.id == id else { return nil }
    current = successor
    successor = nil
    return (process, false)
  }
}
