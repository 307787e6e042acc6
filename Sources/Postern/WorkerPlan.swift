import FastCGI
import Glibc
import SystemCalls

/// What workers are started with: the program, the settings and the keys of one moment.
struct WorkerPlan {
  let configuration: PosternConfiguration
  /// The file itself, whatever lies at its path by now.
  let program: FileDescriptor
  let inheritance: FileDescriptor

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
  /// Has something to read once the worker serves; `nil` after that.
  var readiness: FileDescriptor?

  var isReady: Bool { readiness == nil }
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
