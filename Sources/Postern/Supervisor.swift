import FastCGI
import Glibc
import Logging
import SystemCalls

/// Keeps the worker processes running. Never handles a request itself.
struct Supervisor {
  var run: RunFolder
  /// Of the process itself: `nil` where none asks for news.
  var manager = ServiceManager()
  let logger: Logger
  /// Workers have the reading end, and notice by it that this process is gone.
  let lifeline: (read: FileDescriptor, write: FileDescriptor)
  let handOver: DescriptorQueue
  let program: String
  let options: [String]
  var sweeper: Sweeper
  let metrics: SupervisorMetrics

  /// Tells the other hosts of a shared store that this one runs.
  private var heartbeat: Heartbeat?
  /// Whether the servers of the store could be asked at the start.
  var storeIsChecked = true

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
  /// Who waits for the outcome of the reload that is under way, and of the one after it.
  var reloadClients: [ControlRequest] = []
  var laterReloadClients: [ControlRequest] = []

  /// Whether a reload has brought a program that is to go on in the place of this one.
  var isToBeRenewed = false

  /// What the log has been told of the data folder.
  var knownTroubles: Set<DataState.Trouble> = []
  var nextLookAtData = ContinuousClock.now + DataState.interval

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
  ///   - socket: a service manager's, to be used instead of one in the run folder.
  ///   - socketTimeout: how long to wait for a process that listens in the run folder to end.
  /// - Throws: `ConfigurationError` where the run folder cannot be used.
  init(
    configuration: PosternConfiguration, inheritance: Inheritance, options: [String],
    socket: ListeningSocket? = nil, logger: Logger,
    socketTimeout: Duration = Self.stopTimeout
  ) throws {
    run = try RunFolder(configuration.run, managed: socket, socketTimeout: socketTimeout)
    metrics = try SupervisorMetrics(in: run)
    lifeline = try System.pipe()
    handOver = try DescriptorQueue()
    program = try System.pathOfThisProgram()
    // The program that runs here, whatever lies at its path by now.
    plan = WorkerPlan(
      configuration: configuration, program: try System.pin("/proc/self/exe"),
      inheritance: try inheritance.file(), data: DataState(of: configuration))
    slots = Array(repeating: WorkerSlot(), count: configuration.workers)
    sweeper = Sweeper(interval: .seconds(configuration.sweepInterval))
    self.options = options
    self.logger = logger
  }

  /// Goes on where an earlier program of this process stopped.
  init(
    takingOver state: SupervisorState, plan: WorkerPlan, options: [String], logger: Logger
  ) throws {
    run = try RunFolder(takingOver: state)
    metrics = try SupervisorMetrics(takingOver: state, in: run)
    lifeline = (FileDescriptor(state.lifeline.read), FileDescriptor(state.lifeline.write))
    handOver = DescriptorQueue(
      output: FileDescriptor(state.handOver.read), input: FileDescriptor(state.handOver.write))
    program = state.program
    self.plan = plan
    slots = state.workers.map { worker in WorkerSlot(current: worker.map(WorkerProcess.init)) }
    sweeper = Sweeper(
      interval: .seconds(plan.configuration.sweepInterval), running: state.sweep)
    let deadline = ContinuousClock.now + Self.stopTimeout
    leaving = Dictionary(state.leaving.map { ($0, deadline) }) { $1 }
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
      "postern started",
      metadata: ["pid": "\(getpid())", "version": "\(version)", "workers": "\(slots.count)"])
    try System.setNonBlocking(run.socket.descriptor)
    startHeartbeat()
    while true {
      startWorkers()
      sweeper.startIfDue(plan, named: program, logger)
      killLate()
      endSilentWorkers()
      noteDarkness()
      lookAtData()
      renewIfDue()
      tellManager(isReloading: reloadIsUnderWay)
      let ready = try waitForInput(signals)
      takeReports(ready)
      if refusesRequests, requestDescriptors.contains(where: ready.contains) {
        refuseRequests()
      }
      for request in run.control.requests(ready) {
        switch request.command {
        case .reload: reload(for: request)
        }
      }
      while let signal = try signals.next() {
        switch signal {
        case SIGCHLD: try noteEndedProcesses()
        case SIGHUP: reload()
        case _ where Self.stopSignals.contains(signal): return try stop(signals)
        case SIGUSR1: logger.info("the log goes to standard error: no file is to be opened again")
        default: logger.warning("signal has no meaning", metadata: ["signal": "\(signal)"])
        }
      }
    }
  }

  private mutating func waitForInput(_ signals: SignalQueue) throws -> [Int32] {
    let limit = millisecondsToNextStep()
    let start = SuspendingClock.now
    let ready = try System.waitForInput(
      [signals.descriptor] + run.control.descriptors + reportDescriptors
        + (refusesRequests ? requestDescriptors : []),
      milliseconds: limit)
    // Stopped, this process and its workers may have been stopped together.
    if limit >= 0, SuspendingClock.now - start > .milliseconds(Int(limit)) + .seconds(1) {
      for index in slots.indices {
        slots[index].current?.forgiveSilence()
        slots[index].successor?.forgiveSilence()
      }
    }
    return ready
  }

  mutating func tellManager(isReloading: Bool) {
    let (serving, wanted) = (servingCount, slots.count)
    manager?.update(serving: serving, of: wanted, isReloading: isReloading)
  }

  /// Until when to sleep, as poll(2) takes it.
  private func millisecondsToNextStep() -> Int32 {
    var times = slots.filter { $0.current == nil }.map(\.startAt) + leaving.values
    if isReloading { times += slots.map(\.startAt).filter { $0 > .now } }
    // What is past these has been killed, and will be heard of.
    let deadlines = startingWorkers.map { $0.startedAt + Self.startTimeout }
    times += (deadlines + [preparation?.deadline].compactMap { $0 }).filter { $0 > .now }
    times += workers.compactMap(\.silentAt).map { .now + ($0 - SuspendingClock.now) }
    times += [sweeper.nextStart, manager?.nextStep, nextLookAtData].compactMap { $0 }
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
    manager?.noteStop()
    for client in reloadClients + laterReloadClients {
      client.answer(.failed("not done: postern stops"))
    }
    for worker in workers { leave(worker) }
    heartbeat?.stop()
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

  /// In the place of the one of an earlier plan.
  mutating func startHeartbeat() {
    heartbeat?.handOver()
    heartbeat = nil
    do {
      heartbeat = try Heartbeat(
        plan, segment: metrics.segment, run: run.path, isChecked: storeIsChecked, logger: logger)
    } catch {
      logger.error("cannot tell other hosts that this one runs", metadata: ["error": "\(error)"])
    }
  }

  private func send(_ signal: Int32) {
    for process in leaving.keys { System.send(signal, to: process) }
  }
}
