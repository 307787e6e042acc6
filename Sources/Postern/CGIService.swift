import Execution
import FastCGI
import FoundationEssentials
import Glibc
import HandlerKit
import Logging
import MetricsModule
import SystemCalls

/// Answers the one request of a process that a web server started by CGI, and ends.
///
/// What a worker would refuse to start with is the answer 500 here, and a line on standard error, which
/// is the web server's log.
struct CGIService {
  let modules: ModuleList
  let environment: [String: String]

  static func runToExit() -> Never {
    System.keepFilesPrivate()
    System.forbidCoreFiles()
    let service = CGIService(
      modules: .current, environment: ProcessInfo.processInfo.environment)
    do {
      try service.run()
    } catch {
      note("\(error)")
      exit(ExitStatus.failure.rawValue)
    }
    exit(ExitStatus.success.rawValue)
  }

  private static func note(_ error: String) {
    let message = "postern: \(error)\n"
    _ = write(STDERR_FILENO, message, message.utf8.count)
  }

  /// - Throws: where there is no request to answer.
  private func run() throws {
    let configuration = Result { try self.configuration() }
    let limit = (try? configuration.get()).map { RequestLimit(seconds: $0.requestTimeout) }
    if let limit = limit ?? RequestLimit(seconds: Self.standardTimeout) {
      try System.endThisProcess(
        afterSeconds: UInt32(limit.duration.components.seconds),
        status: ExitStatus.failure.rawValue)
    }
    let exchange = try CGIExchange()
    do {
      try answer(exchange, configuration.get())
    } catch {
      Self.note("\(error)")
      exchange.refuse(
        .internalServerError(logDetail: ""), by: try Router([], logger: Logger(label: "postern")))
    }
  }

  /// Where the settings say nothing, in seconds.
  private static let standardTimeout = 30

  /// The settings: those of a worker, but for what other programs of the web server could see or put
  /// in the way.
  /// - Throws: `ConfigurationError`
  func configuration() throws(ConfigurationError) -> PosternConfiguration {
    for name in modules.secretEnvironmentNames where environment[name] != nil {
      throw ConfigurationError(
        "\(name) must not come by CGI, for other programs of the web server may see it: "
          + "\(SettingsFile.installedPath) is the place for it")
    }
    let configuration = try PosternConfiguration.load(
      orFirstOf: [SettingsFile.installedPath], environment: environment, modules: modules.modules)
    guard configuration.data.hasPrefix("/") else {
      throw ConfigurationError(
        "data must be an absolute path: CGI's working folder may be one that the web server shows")
    }
    return configuration
  }

  private func answer(_ exchange: CGIExchange, _ configuration: PosternConfiguration) throws {
    let logger = Logger.startPostern(configuration)
    guard try Services.hasKeys(configuration) else {
      throw ConfigurationError("keys.json is missing, and a request by CGI makes no keys")
    }
    let keys = try Services.keys(configuration)
    // A process of one request has nothing to count.
    let types = try modules.enabled(configuration).filter { $0.name != MetricsModule.name }
    try ThreadExecutor.run {
      let services = try await Services(configuration: configuration, logger: logger, keys: keys)
      try await ModuleLife.withModules(types, services, for: .use) {
        let observers = RequestLog.isWanted(configuration) ? [RequestLog(logger)] : []
        await exchange.answer(by: try services.router(over: $0, observers: observers))
      }
    }
  }
}
