import ArgumentParser
import Execution
import FastCGI
import Glibc
import Logging
import SystemCalls
import Tokens

struct Serve: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Start the workers and keep them running, in the foreground.",
      discussion: """
        Listens on postern.sock in the run folder, or on the socket that systemd passes \
        (systemd.socket(5)). SIGTERM, SIGINT and SIGQUIT stop it: \
        requests in hand are answered first. SIGHUP, which `postern reload` sends, replaces the \
        workers one by one by ones with the settings, the keys and the program of now.

          POSTERN_DATA=/var/lib/postern POSTERN_RUN=/run/postern postern serve

        Settings come from the environment, or from postern.json by their dotted names \
        (POSTERN_TOKENS_GRACE is tokens.grace):

        \(ModuleList.current.settings.table)
        """)
  }

  @Option(help: ArgumentHelp("Go on where another program stopped.", visibility: .hidden))
  var takesOver: Int32?

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    let signals = try Supervisor.signals()
    System.ignoreWriteSignals()
    System.keepFilesPrivate()
    System.forbidDumps()
    var supervisor = try takesOver.map(takeOver) ?? start()
    try supervisor.run(until: signals)
  }

  private var options: [String] { settings.file.map { ["--config", $0] } ?? [] }

  private func takeOver(_ descriptor: Int32) throws -> Supervisor {
    let state = try SupervisorState(from: descriptor)
    let plan = try state.plan()
    return try Supervisor(
      takingOver: state, plan: plan, options: options,
      logger: .startPostern(plan.configuration))
  }

  private func start() throws -> Supervisor {
    let socket = try SocketActivation.socket()
    let configuration = try settings.load()
    let logger = Logger.startPostern(configuration)
    let inheritance = try Inheritance(checking: configuration, logger)
    let documents = try openStore(configuration, ifMissing: .refuse())
    let isChecked = try checkStoreAtStart(documents, keys: inheritance.keys, logger)
    if isChecked { warnOfDemo(documents, logger) }
    var supervisor = try Supervisor(
      configuration: configuration, inheritance: inheritance, options: options, socket: socket,
      logger: logger)
    supervisor.storeIsChecked = isChecked
    return supervisor
  }
}

/// Run by the supervisor for a reload: see `Preparation`.
struct Prepare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the settings, and write what workers get of them to descriptor 4.",
    shouldDisplay: false)

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    System.keepFilesPrivate()
    System.forbidDumps()
    do {
      try prepare()
    } catch {
      // Who asked for the reload is told, too.
      try? System.write(
        Array("\(error)".utf8), to: FileDescriptor(Preparation.refusal))
      throw error
    }
  }

  private func prepare() throws {
    let configuration = try settings.load()
    let logger = Logger.startPostern(configuration)
    let documents = try openStore(configuration, ifMissing: .refuse())
    if try !Services.hasKeys(configuration) {
      throw ConfigurationError(
        "keys.json is missing: new keys, which a restart makes, would sign everybody out")
    }
    let inheritance = try Inheritance(checking: configuration, logger)
    _ = try checkStoreAtStart(documents, keys: inheritance.keys, logger)
    try inheritance.write(to: FileDescriptor(Inheritance.descriptor))
  }
}

extension Inheritance {
  /// What would stop a worker is thrown here instead, and the keys are there before all workers.
  fileprivate init(checking configuration: PosternConfiguration, _ logger: Logger) throws {
    let modules = ModuleList.current
    removeEndedKeys(configuration, logger)
    let keys = try ThreadExecutor.run {
      let services = try await Services(configuration: configuration, logger: logger)
      try await ModuleLife.withModules(modules.enabled(configuration), services, for: .check) {
        _ = try services.router(over: $0)
      }
      return services.keys
    }
    self.init(settings: configuration.settings, keys: keys)
  }
}

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Serve the listening socket on standard input, in this one process.",
    discussion: """
      For servers that start FastCGI programs themselves. It makes what is missing in the data \
      folder, as "postern serve" does, and ends on SIGTERM, SIGINT or SIGQUIT.

        spawn-fcgi -n -s /run/postern/postern.sock -- /usr/bin/postern worker
      """)

  @OptionGroup var settings: SettingsOptions

  @Flag(help: ArgumentHelp("Stop when the supervisor is gone.", visibility: .hidden))
  var supervised = false

  func run() throws {
    let signals = try Worker.signals()
    System.keepFilesPrivate()
    // Only that: the user who started a worker may trace it.
    System.forbidCoreFiles()
    let inheritance = supervised ? try Inheritance.read() : nil
    if supervised { WorkerPlan.closeProgram() }
    let configuration =
      try inheritance.map { try PosternConfiguration($0.settings) } ?? settings.load()
    let worker = Worker(
      configuration: configuration, modules: ModuleList.current, keys: inheritance?.keys)
    try worker.run(until: signals, isSupervised: supervised)
  }
}
