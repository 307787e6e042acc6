import FastCGI
import Glibc
import Logging
import SystemCalls

/// Keeps the worker processes running. Never handles a request itself.
struct Supervisor {
  private let socket: ListeningSocket
  private let run: OwnFolder
  private let pidFile: PIDFile
  private let logger: Logger
  private let lifeline: (read: Int32, write: Int32)
  private let inheritance: FileDescriptor
  private let program: String
  private let options: [String]
  private var places: [Place]
  private var sweeper: Sweeper

  /// Where a worker runs, or is to run again.
  private struct Place {
    var process: pid_t?
    var startedAt = ContinuousClock.now
    var startAt = ContinuousClock.now
    var restart = RestartPolicy()
  }

  /// How long workers may take to end what they have in hand.
  static let patience = Duration.seconds(10)
  /// What comes so soon after the first request to stop is the same one: at Ctrl-C the terminal
  /// sends SIGINT, and a script that started us may add its SIGTERM.
  private static let echo = Duration.seconds(1)

  private static let socketName = "postern.sock"

  /// Takes the pid file and makes the socket, both in the run folder, which must be ours alone:
  /// passwords would go to a socket that another user put there.
  /// - Parameters:
  ///   - inheritance: for the workers.
  ///   - options: the command line options that say where the settings are, for sweeps.
  ///   - patience: how long to wait for a process that listens there to end.
  init(
    configuration: PosternConfiguration, inheritance: Inheritance, options: [String],
    logger: Logger,
    patience: Duration = Self.patience
  ) throws {
    let isNew = try System.makeFolder(configuration.run)
    do {
      run = try OwnFolder(configuration.run)
    } catch {
      throw ConfigurationError("the run folder \(error)")
    }
    // The web server, in our group, has to get to the socket in it.
    if isNew { try System.setMode(0o750, of: run.descriptor) }
    let taken = try PIDFile.take(in: run)
    do {
      // Workers of a supervisor that was killed may still end what they have in hand.
      socket = try ListeningSocket(path: "\(run.path)/\(Self.socketName)", patience: patience)
      pidFile = try taken ?? PIDFile.replace(in: run)
    } catch {
      taken?.remove()
      throw error
    }
    lifeline = try System.pipe()
    self.inheritance = try inheritance.file()
    program = try System.pathOfThisProgram()
    places = Array(repeating: Place(), count: configuration.workers)
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
    defer {
      try? System.remove(Self.socketName, in: run.descriptor)
      pidFile.remove()
    }
    logger.notice(
      "postern started", metadata: ["pid": "\(getpid())", "workers": "\(places.count)"])
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
    for index in places.indices where places[index].process == nil && places[index].startAt <= now {
      do {
        // The program that runs here, whatever lies at its path by now (proc(5)).
        places[index].process = try System.spawn(
          "/proc/self/exe", named: program, arguments: ["worker", "--supervised"],
          descriptors: [
            ListeningSocket.inherited: socket.descriptor.number, Worker.lifeline: lifeline.read,
            Inheritance.descriptor: inheritance.number,
          ], withheld: ModuleList.current.secretEnvironmentNames)
        places[index].startedAt = now
      } catch {
        logger.error("cannot start a worker", metadata: ["error": "\(error)"])
        places[index].startAt = now + .seconds(1)
      }
    }
  }

  private func millisecondsToNextStart() -> Int32 {
    let starts = places.filter { $0.process == nil }.map(\.startAt)
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
      guard let index = places.firstIndex(where: { $0.process == process }) else { continue }
      let now = ContinuousClock.now
      let pause = places[index].restart.pause(after: end, life: now - places[index].startedAt)
      places[index].process = nil
      places[index].startAt = now + pause
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
    while places.contains(where: { $0.process != nil }) {
      let left = askedAt + Self.patience - .now
      if left <= .zero { send(SIGKILL) }
      _ = try System.waitForInput(
        [signals.descriptor], milliseconds: max(100, Self.milliseconds(left)))
      while let signal = try signals.next() {
        if Self.stopSignals.contains(signal), askedAt + Self.echo <= .now { send(SIGKILL) }
      }
      while let (process, _) = try System.endedChild() {
        for index in places.indices where places[index].process == process {
          places[index].process = nil
        }
      }
    }
    logger.notice("postern stopped")
  }

  private func send(_ signal: Int32) {
    for process in places.compactMap(\.process) { System.send(signal, to: process) }
  }
}
