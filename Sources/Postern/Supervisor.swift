import FastCGI
import Glibc
import Logging
import SystemCalls

/// Keeps the worker processes running. Never handles a request itself.
struct Supervisor {
  private let run: RunFolder
  private let logger: Logger
  /// Workers have the reading end, and notice by it that this process is gone.
  private let lifeline: (read: FileDescriptor, write: FileDescriptor)
  private let inheritance: FileDescriptor
  private let program: String
  private let options: [String]
  private var workers: [WorkerSlot]
  private var sweeper: Sweeper

  /// One of the workers that are to run: its process, or when that is started again.
  private struct WorkerSlot {
    var process: pid_t?
    var startedAt = ContinuousClock.now
    var startAt = ContinuousClock.now
    var restart = RestartPolicy()
  }

  /// How long workers may take to end what they have in hand.
  static let stopTimeout = Duration.seconds(10)
  /// A request to stop that comes so soon after the first is the same one: at Ctrl-C the terminal
  /// sends SIGINT, and a script that started us may add its SIGTERM.
  private static let repeatInterval = Duration.seconds(1)

  /// - Parameters:
  ///   - inheritance: for the workers.
  ///   - options: the command line options that say where the settings are, for sweeps.
  ///   - socketTimeout: how long to wait for a process that listens in the run folder to end.
  /// - Throws: `ConfigurationError` where the run folder cannot be used.
  init(
    configuration: PosternConfiguration, inheritance: Inheritance, options: [String],
    logger: Logger,
    socketTimeout: Duration = Self.stopTimeout
  ) throws {
    run = try RunFolder(configuration.run, socketTimeout: socketTimeout)
    lifeline = try System.pipe()
    self.inheritance = try inheritance.file()
    program = try System.pathOfThisProgram()
    workers = Array(repeating: WorkerSlot(), count: configuration.workers)
    sweeper = Sweeper(interval: .seconds(configuration.sweepInterval))
    self.options = options
    self.logger = logger
  }

  /// What the supervisor listens to. To be called while the process has no other thread: one that
  /// is older would not have these signals blocked, and would die of them.
  static func signals() throws -> SignalQueue {
    try SignalQueue(stopSignals + [SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD])
  }

  private static let stopSignals = [SIGTERM, SIGINT, SIGQUIT]

  /// Runs until SIGTERM, SIGINT or SIGQUIT, and leaves no process, socket or pid file behind.
  mutating func run(until signals: SignalQueue) throws {
    defer { run.clear() }
    logger.notice(
      "postern started", metadata: ["pid": "\(getpid())", "workers": "\(workers.count)"])
    while true {
      startWorkers()
      sweeper.startIfDue(program, options, logger)
      _ = try System.waitForInput([signals.descriptor], milliseconds: millisecondsToNextStart())
      while let signal = try signals.next() {
        switch signal {
        case SIGCHLD: try noteEndedWorkers()
        case _ where Self.stopSignals.contains(signal): return try stop(signals)
        default: logger.warning("signal has no meaning", metadata: ["signal": "\(signal)"])
        }
      }
    }
  }

  private mutating func startWorkers() {
    let now = ContinuousClock.now
    for index in workers.indices
    where workers[index].process == nil && workers[index].startAt <= now {
      do {
        // The program that runs here, whatever lies at its path by now (proc(5)).
        workers[index].process = try System.spawn(
          "/proc/self/exe", named: program, arguments: ["worker", "--supervised"],
          descriptors: [
            ListeningSocket.inherited: run.socket.descriptor, Worker.lifeline: lifeline.read,
            Inheritance.descriptor: inheritance,
          ], withheld: ModuleList.current.secretEnvironmentNames)
        workers[index].startedAt = now
      } catch {
        logger.error("cannot start a worker", metadata: ["error": "\(error)"])
        workers[index].startAt = now + .seconds(1)
      }
    }
  }

  private func millisecondsToNextStart() -> Int32 {
    let starts = workers.filter { $0.process == nil }.map(\.startAt)
    guard let next = (starts + [sweeper.nextStart].compactMap { $0 }).min() else { return -1 }
    return Self.milliseconds(next - .now)
  }

  /// As poll(2) takes it. It knows no more than 24 days; a wait that ends early is repeated.
  static func milliseconds(_ duration: Duration) -> Int32 {
    Int32(min(max(0, duration / .milliseconds(1)).rounded(.up), Double(Int32.max)))
  }

  private mutating func noteEndedWorkers() throws {
    while let (process, end) = try System.endedChild() {
      sweeper.noteEnd(of: process)
      guard let index = workers.firstIndex(where: { $0.process == process }) else { continue }
      let now = ContinuousClock.now
      let pause = workers[index].restart.pause(after: end, life: now - workers[index].startedAt)
      workers[index].process = nil
      workers[index].startAt = now + pause
      logger.warning(
        "worker ended",
        metadata: ["pid": "\(process)", "end": "\(end)", "next start in": "\(pause)"])
    }
  }

  /// Lets the workers end what they have in hand. A second request, or a wait that is longer
  /// than is reasonable, gets them killed.
  private mutating func stop(_ signals: SignalQueue) throws {
    send(SIGTERM)
    sweeper.stop()
    let askedAt = ContinuousClock.now
    while workers.contains(where: { $0.process != nil }) {
      let left = askedAt + Self.stopTimeout - .now
      if left <= .zero { send(SIGKILL) }
      _ = try System.waitForInput(
        [signals.descriptor], milliseconds: max(100, Self.milliseconds(left)))
      while let signal = try signals.next() {
        if Self.stopSignals.contains(signal), askedAt + Self.repeatInterval <= .now {
          send(SIGKILL)
        }
      }
      while let (process, _) = try System.endedChild() {
        for index in workers.indices where workers[index].process == process {
          workers[index].process = nil
        }
      }
    }
    logger.notice("postern stopped")
  }

  private func send(_ signal: Int32) {
    for process in workers.compactMap(\.process) { System.send(signal, to: process) }
  }
}
