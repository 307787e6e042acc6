import Foundation
import Glibc
import TestSupport

/// Postern behind nginx in a temporary folder, as script/server runs it.
///
/// `@unchecked Sendable`: threads of load tests ask it; one thread starts and stops it.
final class Installation: @unchecked Sendable {
  /// What is special about an installation.
  struct Setup {
    /// Environment variables for postern.
    var settings: [String: String] = [:]
    var isThrottled = false
    /// Whether nginx limits sign-ins by address.
    var hasNginxLimit = false
    var hasDemo = true
    /// Directives of nginx.conf to put in the place of others.
    var nginxChanges: [String: String] = [:]
    /// `host:port` of what nginx guards under `/app/`; `nil` for nothing.
    var guardedApplication: String?
    /// The program to run; `nil` for postern.
    var program: String?
    /// An octal number; `nil` for the one of the test run.
    var umask: String?
    var door = Door.nginx
    /// Directives of Deploy's files to put in the place of others.
    var doorChanges: [String: String] = [:]
  }

  static let workerCount = 3

  let folder: String
  let setup: Setup
  private(set) var port: UInt16 = 0
  private(set) var postern: ChildProcess?
  /// The web server.
  private(set) var front: ChildProcess?
  var nginx: ChildProcess? { front }

  var data: String { "\(folder)/data" }
  var run: String { "\(folder)/run" }
  var socketPath: String { "\(run)/postern.sock" }
  var pidPath: String { "\(run)/postern.pid" }

  /// Makes the folder ready and starts nothing.
  init(_ setup: Setup = Setup()) throws {
    self.setup = setup
    folder =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("postern-\(UUID().uuidString.prefix(13))").path
    try FileManager.default.createDirectory(
      atPath: "\(folder)/run", withIntermediateDirectories: true)
    do {
      if setup.hasDemo {
        let (status, output) = try command(["demo"])
        guard status == 0 else { throw Trouble("postern demo: \(output)") }
      }
    } catch {
      remove()
      throw error
    }
  }

  /// Starts all that its door takes, and returns once a request has gone all the way through.
  func start() throws {
    do {
      try startService()
      try startFront(runServer)
    } catch {
      let trouble = Trouble("\(setup.door): \(error)\n\(logs)")
      stop()
      throw trouble
    }
  }

  /// Starts postern, and returns once it listens.
  func startPostern(settings: [String: String] = [:]) throws {
    let child = try serve(settings: settings)
    postern = child
    let isReady = eventually(within: 20) { !child.isRunning || isListening }
    guard isReady, child.isRunning else { throw Trouble("postern did not start\n\(logs)") }
  }

  /// `postern serve` with this installation's settings, and nothing waited for.
  func serve(settings: [String: String] = [:], log: String = "postern.log") throws -> ChildProcess {
    try ChildProcess(
      program, ["serve"], environment: environment.merging(settings) { $1 },
      umask: setup.umask, log: "\(run)/\(log)")
  }

  /// Starts nginx, and returns once postern answers through it.
  func startNginx() throws {
    try startFront { port in try runNginx(nginxConfiguration(port: port)) }
  }

  /// Starts a web server, and returns once postern answers through it.
  func startFront(_ start: (_ port: UInt16) throws -> ChildProcess) throws {
    if port == 0 { port = try freePort() }
    let child = try start(port)
    front = child
    let isReady = eventually(within: 20) {
      !child.isRunning || (try? ask(.get("/current-user")).status) == 401
    }
    guard isReady, child.isRunning else {
      throw Trouble("the web server or postern did not start\n\(logs)")
    }
  }

  /// Starts what is to listen in the place of `postern serve`, and returns once there is its socket.
  func startOther(_ program: String, _ arguments: [String]) throws {
    let child = try ChildProcess(
      program, arguments, environment: environment, umask: setup.umask, log: "\(run)/postern.log")
    postern = child
    let isReady = eventually(within: 20) {
      !child.isRunning || FileManager.default.fileExists(atPath: socketPath)
    }
    guard isReady, child.isRunning else { throw Trouble("\(program) did not start\n\(logs)") }
  }

  /// nginx.conf as `script/nginx-conf` fills it in for this installation, with its changes.
  func nginxConfiguration(port: UInt16) throws -> String {
    let filling = try ChildProcess(
      "\(Repository.folder)/script/nginx-conf", [],
      environment: [
        "POSTERN_PORT": "\(port)", "POSTERN_RUN": run,
        "POSTERN_THROTTLE_ENABLED": setup.hasNginxLimit ? "true" : "false",
        "POSTERN_CORS_ALLOWED_ORIGINS": setup.settings["POSTERN_CORS_ALLOWED_ORIGINS"] ?? "",
        "POSTERN_GUARDED_APPLICATION": setup.guardedApplication ?? "",
      ], log: "\(run)/nginx.conf", isFresh: true)
    guard try filling.waitForEnd() == 0 else { throw Trouble("script/nginx-conf: \(filling.log)") }
    return try filling.log.replacing(setup.nginxChanges)
  }

  /// An nginx with this configuration, and nothing waited for.
  func runNginx(_ configuration: String, named name: String = "nginx") throws -> ChildProcess {
    let file = "\(run)/\(name).conf"
    try configuration.write(toFile: file, atomically: true, encoding: .utf8)
    return try ChildProcess(
      Repository.nginx(), ["-e", "\(run)/\(name)-error.log", "-c", file, "-g", "daemon off;"],
      log: "\(run)/\(name).log")
  }

  /// Stops both, as Ctrl-C does in script/server.
  func stop() {
    let workers = self.workers
    keepEvidence()
    front?.stop()
    postern?.stop()
    front = nil
    postern = nil
    // Only where a test killed their supervisor can any of them still be there.
    for worker in workers where ProcessTable.text("cmdline", of: worker).contains("--supervised") {
      kill(worker, SIGKILL)
    }
  }

  func remove() {
    Evidence.keep(folder)
  }

  private func keepEvidence() {
    guard Evidence.isKept else { return }
    Evidence.note(workers + [postern, nginx].compactMap { $0?.id }, in: run)
    guard nginx?.isRunning == true, postern?.isRunning == true,
      let connection = try? HTTPConnection(port: port, timeout: 2),
      let answer = try? connection.ask(.get("/metrics"))
    else { return }
    try? Data(answer.body).write(to: URL(fileURLWithPath: "\(run)/metrics"))
  }

  /// Runs another command of postern on the same folders to its end.
  /// - Parameter isAnswer: what it prints is for a client, with its tokens, and nothing that is left.
  func command(
    _ arguments: [String], input: String? = nil, settings: [String: String] = [:],
    isAnswer: Bool = false
  ) throws -> (status: Int32, output: String) {
    let log = "\(run)/command-\(UUID().uuidString.prefix(8)).log"
    defer { if isAnswer { try? FileManager.default.removeItem(atPath: log) } }
    let child = try ChildProcess(
      program, arguments, environment: environment.merging(settings) { $1 },
      input: input, umask: setup.umask, log: log)
    return (try child.waitForEnd(), child.log)
  }

  /// Another command of postern on the same folders, with a terminal as its standard input.
  func command(_ arguments: [String], at terminal: FileHandle) throws -> ChildProcess {
    try ChildProcess(
      program, arguments, environment: environment, terminal: terminal,
      log: "\(run)/command-\(UUID().uuidString.prefix(8)).log")
  }

  /// The worker processes: children of the supervisor.
  var workers: [pid_t] { postern.map { ProcessTable.children(of: $0.id) } ?? [] }

  /// Carries `body` out while no worker does anything.
  func withStoppedWorkers(_ body: () throws -> Void) throws {
    let workers = self.workers
    workers.forEach { kill($0, SIGSTOP) }
    defer { workers.forEach { kill($0, SIGCONT) } }
    // A thread runs on until the signal has come to it.
    guard eventually(within: 10, { workers.allSatisfy(ProcessTable.isStopped) }) else {
      throw Trouble("a worker runs on after SIGSTOP")
    }
    try body()
  }

  /// The supervisor's process, as its file says.
  var pidInFile: pid_t? {
    (try? String(contentsOfFile: pidPath, encoding: .utf8)).flatMap { text in
      pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// The ends of all logs, for whoever has to find out what went wrong.
  var logs: String {
    [
      "postern.log", "nginx.log", "nginx-error.log", "apache.log", "apache-start.log",
      "lighttpd-error.log", "lighttpd-start.log",
    ].filter { FileManager.default.fileExists(atPath: "\(run)/\($0)") }.map { name in
      let text = (try? String(contentsOfFile: "\(run)/\(name)", encoding: .utf8)) ?? ""
      return "--- \(name)\n\(text.suffix(3_000))"
    }.joined(separator: "\n")
  }

  var environment: [String: String] {
    [
      "POSTERN_DATA": data, "POSTERN_RUN": run,
      "POSTERN_WORKERS": "\(Self.workerCount)",
      "POSTERN_THROTTLE_ENABLED": "\(setup.isThrottled)",
      "POSTERN_LOG_FORMAT": "text",
    ].merging(setup.settings) { $1 }
  }

  private var program: String { get throws { try setup.program ?? Repository.program() } }

  private var isListening: Bool {
    FileManager.default.fileExists(atPath: socketPath) && pidInFile == postern?.id
      && workers.count == Int(environment["POSTERN_WORKERS"] ?? "")
  }
}
