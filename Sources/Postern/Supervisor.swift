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
  private let handOver: DescriptorQueue
  private let program: String
  private let options: [String]
  private var sweeper: Sweeper

  /// What workers are started with, and did serve with.
  private var plan: WorkerPlan
  private var slots: [WorkerSlot]
  /// Workers that are to end, and when they are killed.
  private var leaving: [pid_t: ContinuousClock.Instant] = [:]
  /// Since when no worker serves.
  private var darkSince: ContinuousClock.Instant? = .now
  private var refusesRequests = false

  private var preparation: Preparation?
  /// What the next workers are started with, until one of them serves.
  private var candidate: WorkerPlan?
  private var isReloading = false
  /// How many workers of the candidate have ended before they served.
  private var candidateFailures = 0
  /// Whether another reload is wanted after the one that is under way.
  private var reloadsAgain = false

  /// How long workers may take to end what they have in hand.
  static let stopTimeout = Duration.seconds(10)
  /// How long a worker may take to serve.
  private static let startTimeout = Duration.seconds(30)
  /// So many workers that end before they serve are no accident.
  private static let candidateTries = 3
  /// How long requests wait for a worker when none serves.
  private static let darkLimit = Duration.seconds(2)
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

  // MARK: - Workers

  private mutating func startWorkers() {
    for index in slots.indices where slots[index].startAt <= .now {
      if slots[index].current == nil {
        slots[index].current = startWorker(index, plan)
        // While a candidate is tried, this is not the latest plan.
        slots[index].current?.isOfLatestPlan = candidate == nil
      } else if slots[index].current?.isOfLatestPlan == false,
        !slots.contains(where: { $0.successor != nil })
      {
        slots[index].successor = startWorker(index, candidate ?? plan)
      }
    }
  }

  private mutating func startWorker(_ index: Int, _ plan: WorkerPlan) -> WorkerProcess? {
    do {
      let readiness = try System.pipe()
      let id = try WorkerPlan.start(
        plan.program, named: program, ["worker", "--supervised"],
        descriptors: [
          ListeningSocket.inherited: run.socket.descriptor, Worker.lifeline: lifeline.read,
          Inheritance.descriptor: plan.inheritance, Worker.readiness: readiness.write,
          Worker.handOver.output: handOver.output, Worker.handOver.input: handOver.input,
        ], withheld: ModuleList.current.secretEnvironmentNames)
      return WorkerProcess(id: id, readiness: readiness.read)
    } catch {
      logger.error("cannot start a worker", metadata: ["error": "\(error)"])
      slots[index].startAt = .now + .seconds(1)
      return nil
    }
  }

  private var startingWorkers: [WorkerProcess] {
    slots.flatMap { [$0.current, $0.successor] }.compactMap { $0 }.filter { !$0.isReady }
  }

  private var readinessDescriptors: [Int32] {
    slots.flatMap { [$0.current, $0.successor] }.compactMap { $0?.readiness?.number }
  }

  private mutating func noteReadyWorkers(_ ready: [Int32]) {
    for index in slots.indices where isNowReady(slots[index].current, ready) {
      slots[index].current?.readiness = nil
    }
    if let index = slots.firstIndex(where: { isNowReady($0.successor, ready) }) {
      replaceWorker(index)
    }
    // Where the worker before it ended first, a successor has its place already.
    if slots.contains(where: { $0.current?.isReady == true && $0.current?.isOfLatestPlan == true })
    {
      noteCandidateServes()
    }
  }

  /// An empty pipe that is ready has ended, with its worker.
  private func isNowReady(_ worker: WorkerProcess?, _ ready: [Int32]) -> Bool {
    guard let readiness = worker?.readiness, ready.contains(readiness.number) else { return false }
    return (try? System.read(readiness, limit: 1))?.isEmpty == false
  }

  /// The successor serves: the one before it may go.
  private mutating func replaceWorker(_ index: Int) {
    slots[index].successor?.readiness = nil
    leave(slots[index].current)
    slots[index].current = slots[index].successor
    slots[index].successor = nil
  }

  private mutating func noteCandidateServes() {
    if let candidate { adopt(candidate) }
    noteReloaded()
  }

  /// Lets a worker end what it has in hand.
  private mutating func leave(_ worker: WorkerProcess?) {
    guard let worker else { return }
    System.send(SIGTERM, to: worker.id)
    leaving[worker.id] = .now + Self.stopTimeout
  }

  private mutating func killLate() {
    for (process, deadline) in leaving where deadline <= .now {
      System.send(SIGKILL, to: process)
      leaving[process] = .now + Self.stopTimeout
    }
    for worker in startingWorkers where worker.startedAt + Self.startTimeout <= .now {
      System.send(SIGKILL, to: worker.id)
    }
    if let preparation, preparation.deadline <= .now {
      System.send(SIGKILL, to: preparation.process)
    }
  }

  private mutating func noteEndedProcesses() throws {
    while let (process, end) = try System.endedChild() {
      sweeper.noteEnd(of: process)
      if process == preparation?.process { notePrepared(end) }
      if leaving.removeValue(forKey: process) != nil { continue }
      for index in slots.indices {
        guard let (worker, wasSuccessor) = slots[index].remove(process) else { continue }
        noteEnd(of: worker, wasSuccessor, end, index)
      }
    }
    noteReloaded()
  }

  private mutating func noteEnd(
    of worker: WorkerProcess, _ wasSuccessor: Bool, _ end: ProcessEnd, _ index: Int
  ) {
    let wasReady = worker.isReady || isNowReady(worker, readinessDescriptors(of: worker))
    var pause = slots[index].restart.pause(after: end, life: .now - worker.startedAt)
    if slots.allSatisfy({ $0.current == nil }) {
      pause = min(pause, RestartPolicy.longestPauseOfLast(wasReady: wasReady))
    }
    slots[index].startAt = .now + pause
    logger.log(
      level: end == .exited(status: 0) ? .info : .warning, "worker ended",
      metadata: ["pid": "\(worker.id)", "end": "\(end)", "next start in": "\(pause)"])
    guard wasSuccessor, !wasReady, candidate != nil else { return }
    candidateFailures += 1
    if candidateFailures == Self.candidateTries { abandonReload() }
  }

  private func readinessDescriptors(of worker: WorkerProcess) -> [Int32] {
    [worker.readiness?.number].compactMap { $0 }
  }

  // MARK: - No worker

  private mutating func noteDarkness() {
    guard !slots.contains(where: { $0.current?.isReady == true }) else {
      if refusesRequests { logger.notice("requests are served again") }
      (darkSince, refusesRequests) = (nil, false)
      return
    }
    let since = darkSince ?? .now
    darkSince = since
    guard !refusesRequests, since + Self.darkLimit <= .now else { return }
    refusesRequests = true
    logger.error("no worker serves: requests are refused until one does")
  }

  /// Where connections wait for a worker: new ones, and those that workers have left.
  private var requestDescriptors: [Int32] {
    [run.socket.descriptor.number, handOver.output.number]
  }

  /// The web server has its answer at once, and not when it no longer waits.
  private func refuseRequests() {
    while let connection = try? System.accept(run.socket.descriptor) ?? handOver.take() {
      withExtendedLifetime(connection) {}
    }
  }

  // MARK: - Reload

  /// Replaces the workers by ones that have the settings, the keys and the program of now, if these
  /// can be used.
  private mutating func reload() {
    guard preparation == nil, !isReloading else {
      reloadsAgain = true
      return
    }
    do {
      preparation = try Preparation(program: program, options: options)
    } catch {
      logger.error("reload refused", metadata: ["error": "\(error)"])
    }
  }

  private mutating func notePrepared(_ end: ProcessEnd) {
    guard let prepared = preparation else { return }
    preparation = nil
    do {
      guard end == .exited(status: 0) else {
        throw ConfigurationError("see above: workers cannot be started (\(end))")
      }
      let plan = try prepared.plan()
      guard plan.configuration.run == self.plan.configuration.run else {
        throw ConfigurationError("run can only be changed by a restart")
      }
      (candidate, candidateFailures) = (plan, 0)
      for index in slots.indices {
        slots[index].current?.isOfLatestPlan = false
        slots[index].startAt = min(slots[index].startAt, .now)
      }
      isReloading = true
      logger.notice("reload started", metadata: ["workers": "\(plan.configuration.workers)"])
      // With no worker at all there is nothing to keep.
      if slots.allSatisfy({ $0.current == nil }) { adopt(plan) }
    } catch {
      logger.error(
        "reload refused, workers stay as they are", metadata: ["error": "\(error)"])
      reloadIfAskedAgain()
    }
  }

  /// A worker serves with `plan`: from now on all do.
  private mutating func adopt(_ plan: WorkerPlan) {
    candidate = nil
    self.plan = plan
    sweeper.interval = .seconds(plan.configuration.sweepInterval)
    while slots.count < plan.configuration.workers { slots.append(WorkerSlot()) }
    while slots.count > plan.configuration.workers {
      let slot = slots.removeLast()
      leave(slot.current)
      leave(slot.successor)
    }
  }

  private mutating func abandonReload() {
    candidate = nil
    isReloading = false
    for index in slots.indices { slots[index].current?.isOfLatestPlan = true }
    logger.error("reload given up, workers stay as they are: new ones end before they serve")
    reloadIfAskedAgain()
  }

  private mutating func noteReloaded() {
    guard isReloading, candidate == nil,
      !slots.contains(where: { $0.current?.isOfLatestPlan == false })
    else { return }
    isReloading = false
    logger.notice("reload ended", metadata: ["workers": "\(slots.count)"])
    reloadIfAskedAgain()
  }

  private mutating func reloadIfAskedAgain() {
    guard reloadsAgain else { return }
    reloadsAgain = false
    reload()
  }

  // MARK: - Stop

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
