import FastCGI
import Glibc
import HandlerKit
import Logging
import SystemCalls

/// One worker process: serves requests from an inherited socket until it is told to stop.
struct Worker {
  let configuration: PosternConfiguration
  let modules: [any ServiceModule.Type]

  /// The supervisor keeps the other end of this pipe open for as long as it lives.
  static let lifeline: Int32 = 3

  /// What a worker listens to. To be called while the process has no other thread.
  static func signals() throws -> SignalQueue {
    try SignalQueue(stopSignals + [SIGHUP, SIGUSR1, SIGUSR2])
  }

  private static let stopSignals = [SIGTERM, SIGINT, SIGQUIT]

  /// Serves until SIGTERM, SIGINT or SIGQUIT comes or, where there is a supervisor, until that is
  /// gone.
  /// - Throws: an error whose description tells the operator what to mend.
  func run(until signals: SignalQueue, isSupervised: Bool) throws {
    let logger = Logger.startPostern(level: configuration.logLevel)
    guard System.isListeningSocket(ListeningSocket.inherited) else {
      throw ConfigurationError("standard input is not a listening socket")
    }
    let configuration = configuration
    let services = try ThreadExecutor.run {
      try await Services(
        configuration: configuration, logger: logger, mayMakeKeys: !isSupervised)
    }
    let modules = try enabledModules(services)
    let router = try Router(
      modules, cors: CORSPolicy(allowedOrigins: configuration.allowedOrigins), logger: logger,
      explain: explain)
    let responder = try Responder(
      listener: ListeningSocket.inherited, router: router, logger: logger)
    responder.start()
    logger.debug("worker started", metadata: ["pid": "\(getpid())"])

    try waitForEnd(signals, isSupervised: isSupervised)
    responder.stop()
    try ThreadExecutor.run { for module in modules { await module.shutdown() } }
    logger.debug("worker ended", metadata: ["pid": "\(getpid())"])
  }

  /// - Throws: an error whose description tells the operator what to mend.
  func enabledModules(_ services: Services) throws -> [any ServiceModule] {
    let names = modules.map { $0.name }
    for name in configuration.disabledModules where !names.contains(name) {
      throw ConfigurationError(
        "modules.disabled names \(name); there are \(names.joined(separator: ", "))")
    }
    return try modules.filter { !configuration.disabledModules.contains($0.name) }
      .map { try $0.init(services) }
  }

  private func waitForEnd(_ signals: SignalQueue, isSupervised: Bool) throws {
    let descriptors = [signals.descriptor] + (isSupervised ? [Self.lifeline] : [])
    while true {
      let ready = try System.waitForInput(descriptors, milliseconds: -1)
      if ready.contains(Self.lifeline) { return }
      while let signal = try signals.next() {
        if Self.stopSignals.contains(signal) { return }
      }
    }
  }
}
