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
  /// A pipe to the supervisor: a byte says that this worker serves.
  static let readiness: Int32 = 5
  /// The ends of the queue by which workers that end pass their connections on.
  static let handOver: (output: Int32, input: Int32) = (6, 7)

  /// What a worker listens to. To be called while the process has no other thread.
  static func signals() throws -> SignalQueue {
    try SignalQueue(stopSignals + [SIGHUP, SIGUSR1, SIGUSR2])
  }

  private static let stopSignals = [SIGTERM, SIGINT, SIGQUIT]

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
        if isSupervised { try sayReady() }
        logger.debug("worker started", metadata: ["pid": "\(getpid())"])

        // On this thread, which is the executor's: no other waits for it.
        try waitForEnd(signals, life, isSupervised: isSupervised)
        responder.stop()
      }
    }
    logger.debug("worker ended", metadata: ["pid": "\(getpid())"])
  }

  private static var otherWorkers: DescriptorQueue {
    DescriptorQueue(
      output: FileDescriptor(handOver.output), input: FileDescriptor(handOver.input))
  }

  private func sayReady() throws {
    try System.write([1], to: FileDescriptor(Self.readiness))
  }

  private func waitForEnd(
    _ signals: SignalQueue, _ life: WorkerLife, isSupervised: Bool
  ) throws {
    let end = life.isOver.descriptor.number
    let descriptors = [signals.descriptor, end] + (isSupervised ? [Self.lifeline] : [])
    while true {
      let ready = try System.waitForInput(descriptors, milliseconds: -1)
      if ready.contains(Self.lifeline) || ready.contains(end) { return }
      while let signal = try signals.next() {
        if Self.stopSignals.contains(signal) { return }
      }
    }
  }
}
