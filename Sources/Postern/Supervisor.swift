import FastCGI
import Glibc
import Logging
import SystemCalls

/// Keeps the worker processes running. Never handles a request itself.
struct Supervisor {
  let run: RunFolder
  let logger: Logger
  /// Workers have the reading end, and notice by it that this process is gone.
  let lifeline: (read: FileDescriptor, write: FileDescriptor)
  let handOver: DescriptorQueue
  let program: String
  let options: [String]
  var sweeper: Sweeper
  let metrics: SupervisorMetrics

  /// What workers are started with, and did serve with.
  var plan: WorkerPlan
  var slots: [WorkerSlot]
  /// Workers that are to end, and when they are killed.
  var leaving: [pid_t: ContinuousClock.Instant] = [:]
  /// Since when no worker serves.
  var darkSince: ContinuousClock.Instant? = .now
  var refusesRequests = false

  var preparation: Preparation?
  /// What the next workers are started with, until one of them serves.
  var candidate: WorkerPlan?
  var isReloading = false
  /// How many workers of the candidate have ended before they served.
  var candidateFailures = 0
  /// Whether another reload is wanted after the one that is under way.
  var reloadsAgain = false

  /// How long workers may take to end what they have in hand.
  static let stopTimeout = Duration.seconds(10)
  /// How long a worker may take to serve.
  static let startTimeout = Duration.seconds(30)
  /// How long requests wait for a worker when none serves.
  static let darkLimit = Duration.seconds(2)
  /// A request to stop that comes so soon after the first is the same one: at Ctrl-C the terminal
  /// sends SIGINT, and a script that started us may add its SIGTERM.
  private static let repeatInterval = Duration.seconds(1)

  /// - Parameters:
  ///   - inheritance: for the workers.
  ///   - options: the command line options that say where the settings are.
  ///   - socketTimeout: how long to wait for a process that listens in the run folder to end.
  /// - Throws: `ConfigurationError` where the run folder cannot be used.
  init(
    configuration: PosternConfiguration, inheritance: Inheritance, options: [String],
    logger: Logger,
    socketTimeout: Duration = Self.stopTimeout
  ) throws {
    run = try RunFolder(configuration.run, socketTimeout: socketTimeout)
    metrics = try SupervisorMetrics(in: run)
    lifeline = try System.pipe()
    handOver = try DescriptorQueue()
    program = try System.pathOfThisProgram()
    // The program that runs here, whatever lies at its path by now.
    plan = WorkerPlan(
      configuration: configuration, program: try System.pin("/proc/self/exe"),
      inheritance: try inheritance.file())
    slots = Array(repeating: WorkerSlot(), count: configuration.workers)
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
      "postern started", metadata: ["pid": "\(getpid())", "workers": "\(slots.count)"])
    try System.setNonBlocking(run.socket.descriptor)
    while true {
      startWorkers()
      sweeper.startIfDue(program, options, logger)
      killLate()
      noteDarkness()
      let ready = try System.waitForInput(
        [signals.descriptor] + readinessDescriptors
          + (refusesRequests ? requestDescriptors : []),
        milliseconds: millisecondsToNextStep())
      noteReadyWorkers(ready)
      if refusesRequests, requestDescriptors.contains(where: ready.contains) {
        refuseRequests()
      }
      while let signal = try signals.next() {
        switch signal {
        case SIGCHLD: try noteEndedProcesses()
        case SIGHUP: reload()
        case _ where Self.stopSignals.contains(signal): return try stop(signals)
        default: logger.warning("signal has no meaning", metadata: ["signal": "\(signal)"])
        }
      }
    }
  }

  /// Until when to sleep, as poll(2) takes it.
  private func millisecondsToNextStep() -> Int32 {
    var times = slots.filter { $0.current == nil }.map(\.startAt) + leaving.values
    if isReloading { times += slots.map(\.startAt).filter { $0 > .now } }
    // What is past these has been killed, and will be heard of.
    let deadlines = startingWorkers.map { $0.startedAt + Self.startTimeout }
    times += (deadlines + [preparation?.deadline].compactMap { $0 }).filter { $0 > .now }
    times += [sweeper.nextStart].compactMap { $0 }
    if let darkSince, !refusesRequests { times.append(darkSince + Self.darkLimit) }
    return times.min().map { Self.milliseconds($0 - .now) } ?? -1
  }

  /// As poll(2) takes it. It knows no more than 24 days; a wait that ends early is repeated.
  static func milliseconds(_ duration: Duration) -> Int32 {
    Int32(min(max(0, duration / .milliseconds(1)).rounded(.up), Double(Int32.max)))
  }

  /// Lets the workers end what they have in hand. A second request, or a wait that is longer
  /// than is reasonable, gets them killed.
  private mutating func stop(_ signals: SignalQueue) throws {
    for worker in slots.flatMap({ [$0.current, $0.successor] }) { leave(worker) }
    sweeper.stop()
    if let preparation { System.send(SIGTERM, to: preparation.process) }
    let askedAt = ContinuousClock.now
    while !leaving.isEmpty {
      let left = askedAt + Self.stopTimeout - .now
      if left <= .zero { send(SIGKILL) }
      _ = try System.waitForInput(
        [signals.descriptor], milliseconds: max(100, Self.milliseconds(left)))
      while let signal = try signals.next() {
        if Self.stopSignals.contains(signal), askedAt + Self.repeatInterval <= .now {
          send(SIGKILL)
        }
      }
      while let (process, _) = try System.endedChild() { leaving[process] = nil }
    }
    logger.notice("postern stopped")
  }

  private func send(_ signal: Int32) {
    for process in leaving.keys { System.send(signal, to: process) }
  }
}
