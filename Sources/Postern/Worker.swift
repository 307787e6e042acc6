import Execution
import FastCGI
import Glibc
import Logging
import SystemCalls
import Tokens

/// One worker process: serves requests from an inherited socket until it is told to stop.
struct Worker {
  let configuration: PosternConfiguration
  let modules: ModuleList
  /// Those of the supervisor, if there is one.
  var keys: KeyFile?

  /// The supervisor keeps the other end of this pipe open for as long as it lives.
  static let lifeline: Int32 = 3
  /// A pipe to the supervisor, for `WorkerReport`.
  static let reports: Int32 = 5
  /// The ends of the queue by which workers that end pass their connections on.
  static let handOver: (output: Int32, input: Int32) = (6, 7)

  /// What a worker listens to. To be called while the process has no other thread.
  static func signals() throws -> SignalQueue {
    try SignalQueue(stopSignals + [SIGALRM, SIGHUP, SIGUSR1, SIGUSR2])
  }

  private static let stopSignals = [SIGTERM, SIGINT, SIGQUIT]

  /// How long requests in hand may take when the worker is to end, in seconds.
  static let stopTimeout: UInt32 = 10

  /// Serves until SIGTERM, SIGINT or SIGQUIT comes or, where there is a supervisor, until that is
  /// gone.
  /// - Throws: an error whose description tells the operator what to mend.
  func run(until signals: SignalQueue, isSupervised: Bool) throws {
    let logger = Logger.startPostern(configuration)
    guard System.isListeningSocket(ListeningSocket.inherited) else {
      throw ConfigurationError("standard input is not a listening socket")
    }
    let (configuration, modules, keys) = (configuration, modules, keys)
    let metrics = try WorkerMetrics.start(isSupervised: isSupervised)
    let reports = isSupervised ? try WorkerReports(Self.reports) : nil
    try ThreadExecutor.run {
      let services = try await Services(
        configuration: configuration, logger: logger, keys: keys
      ).showing(metrics.segment)
      try await ModuleLife.withModules(modules.enabled(configuration), services, for: .use) {
        let router = try services.router(
          over: $0, observers: metrics.observers(of: $0, configuration, logger))
        let life = try WorkerLife(requestLimit: configuration.maxRequests)
        let responder = try Responder(
          listener: FileDescriptor(ListeningSocket.inherited), router: router,
          others: isSupervised ? Self.otherWorkers : nil, logger: logger,
          hasAnswered: { life.countRequest() })
        responder.start()
        metrics.noteReady()
        reports?.send(.ready)
        logger.debug("worker started", metadata: ["pid": "\(getpid())"])

        // On this thread, which is the executor's: no other waits for it.
        let reason = try waitForEnd(signals, life, responder, reports, logger)
        reports?.send(reason)
        // A request that never ends would keep its thread, and the process, for ever.
        try System.endThisProcess(afterSeconds: Self.stopTimeout, status: 1)
        responder.stop()
      }
    }
    logger.debug("worker ended", metadata: ["pid": "\(getpid())"])
  }

  private static var otherWorkers: DescriptorQueue {
    DescriptorQueue(
      output: FileDescriptor(handOver.output), input: FileDescriptor(handOver.input))
  }

  /// Returns how to report that this worker ends.
  private func waitForEnd(
    _ signals: SignalQueue, _ life: WorkerLife, _ responder: Responder,
    _ reports: WorkerReports?, _ logger: Logger
  ) throws -> WorkerReport {
    let end = life.isOver.descriptor.number
    let descriptors = [signals.descriptor, end] + (reports == nil ? [] : [Self.lifeline])
    let limit = RequestLimit(seconds: configuration.requestTimeout)
    while true {
      reports?.send(.alive)
      let ready = try System.waitForInput(
        descriptors, milliseconds: limit.map { Supervisor.milliseconds($0.interval) } ?? -1)
      if ready.contains(Self.lifeline) || ready.contains(end) { return .ending }
      while let signal = try signals.next() {
        if Self.stopSignals.contains(signal) { return .ending }
      }
      if let limit, holdsRequest(longerThan: limit, responder, logger) { return .stuck }
    }
  }

  private func holdsRequest(
    longerThan limit: RequestLimit, _ responder: Responder, _ logger: Logger
  ) -> Bool {
    let late = responder.requestsInHand(for: limit.duration)
    for request in late {
      logger.error(
        "request is in hand for too long, this worker ends",
        metadata: [
          "route": "\(request.route ?? "-")", "request": "\(request.id)",
          "seconds": "\(request.age.components.seconds)",
        ])
    }
    return !late.isEmpty
  }
}
