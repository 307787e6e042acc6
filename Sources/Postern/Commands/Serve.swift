import ArgumentParser
import Execution
import FastCGI
import Logging
import SystemCalls

struct Serve: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Start the workers and keep them running, in the foreground.",
      discussion: """
        Listens on postern.sock in the run folder. SIGTERM, SIGINT and SIGQUIT stop it: \
        requests in hand are answered first.

        Settings come from the environment, or from postern.json by their dotted names \
        (POSTERN_TOKENS_GRACE is tokens.grace):

        \(ModuleList.current.settings.table)
        """)
  }

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    let signals = try Supervisor.signals()
    System.ignoreWriteSignals()
    System.keepFilesPrivate()
    System.forbidDumps()
    let configuration = try settings.load()
    let logger = Logger.startPostern(level: configuration.logLevel)
    // What would stop a worker stops the start instead, and the keys are there before all workers.
    let modules = ModuleList.current
    let keys = try ThreadExecutor.run {
      let services = try await Services(configuration: configuration, logger: logger)
      try await ModuleLife.withModules(modules.enabled(configuration), services, for: .check) {
        _ = try services.router(over: $0)
      }
      return services.keys
    }
    var supervisor = try Supervisor(
      configuration: configuration,
      inheritance: Inheritance(settings: configuration.settings, keys: keys),
      options: settings.file.map { ["--config", $0] } ?? [],
      logger: logger)
    try supervisor.run(until: signals)
  }
}

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Serve the listening socket on standard input, in this one process.",
    discussion: "For servers that start FastCGI programs themselves.")

  @OptionGroup var settings: SettingsOptions

  @Flag(help: ArgumentHelp("Stop when the supervisor is gone.", visibility: .hidden))
  var supervised = false

  func run() throws {
    let signals = try Worker.signals()
    System.keepFilesPrivate()
    // Only that: the user who started a worker may trace it.
    System.forbidCoreFiles()
    let inheritance = supervised ? try Inheritance.read() : nil
    let configuration =
      try inheritance.map { try PosternConfiguration($0.settings) } ?? settings.load()
    let worker = Worker(
      configuration: configuration, modules: ModuleList.current, keys: inheritance?.keys)
    try worker.run(until: signals, isSupervised: supervised)
  }
}
