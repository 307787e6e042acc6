import Foundation
import XCTest

/// One PostgreSQL server in a folder, behind a Unix socket. As root it runs as another user, since it
/// refuses to run as root.
final class PostgreSQLServer {
  static let programs = "/usr/lib/postgresql/15/bin"
  private static let asOther =
    getuid() == 0
    ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []

  let place: String
  /// What is before `postgres` in its command, such as a mount namespace of its own.
  private let before: [String]
  private var process: Process?
  private var settings: [String] = []

  struct Failed: Error {
    let arguments: [String]
    let message: String
  }

  /// As the user that may do all.
  var url: String { url(as: "postern") }
  func url(as user: String, _ more: String = "") -> String {
    "postgresql://\(user)@/postgres?host=\(place)\(more)"
  }
  var isRunning: Bool { process?.isRunning ?? false }

  init(_ place: String, before: [String] = []) throws {
    self.place = place
    self.before = before
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    if getuid() == 0 { try Self.run(["/bin/chown", "postgres", place]) }
  }

  /// Makes an empty one.
  convenience init(newIn place: String, before: [String] = []) throws {
    try self.init(place, before: before)
    try Self.runAsOther(
      "initdb", "-D", "\(place)/data", "-A", "trust", "-U", "postern", "-N", "-E", "UTF8",
      "--no-locale")
  }

  /// A copy of one that runs, which follows it.
  convenience init(following primary: PostgreSQLServer, in place: String) throws {
    try self.init(place)
    try Self.runAsOther(
      "pg_basebackup", "-D", "\(place)/data", "-R", "-c", "fast", "-N", "-d",
      primary.url(as: "postern", "&application_name=standby"))
  }

  // MARK: - Its life

  /// - Parameter settings: of `postgresql.conf`; without them, those of the last start.
  func start(_ settings: [String]? = nil) throws {
    self.settings = settings ?? self.settings
    let arguments =
      before + Self.asOther + [
        "\(Self.programs)/postgres", "-D", "\(place)/data", "-k", place, "-c", "listen_addresses=",
        "-c", "max_connections=100", "-c", "shared_buffers=16MB",
      ] + self.settings.flatMap { ["-c", $0] }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardOutput = FileHandle.nullDevice
    try Data().write(to: URL(fileURLWithPath: "\(place)/log"))
    process.standardError = FileHandle(forWritingAtPath: "\(place)/log")
    try process.run()
    self.process = process
    for _ in 0..<1500 where process.isRunning {
      if (try? Self.run(["\(Self.programs)/pg_isready", "-q", "-d", url])) != nil { return }
      usleep(20_000)
    }
    throw Failed(arguments: arguments, message: log)
  }

  var log: String { (try? String(contentsOfFile: "\(place)/log", encoding: .utf8)) ?? "" }

  /// SIGTERM: when all clients have gone; SIGINT: fast; SIGQUIT: at once, as after a crash.
  func end(_ signal: Int32) {
    guard let process, process.isRunning else { return }
    Foundation.kill(process.processIdentifier, signal)
    process.waitUntilExit()
  }

  /// All its processes at once, as when the machine is gone.
  func kill() {
    signal(SIGKILL)
    process?.waitUntilExit()
  }

  /// To all its processes.
  func signal(_ signal: Int32) {
    guard let process, process.isRunning else { return }
    // First the one that would start others anew.
    for id in [process.processIdentifier] + children() { Foundation.kill(id, signal) }
  }

  func children() -> [pid_t] {
    guard let id = process?.processIdentifier,
      let text = try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
    else { return [] }
    return text.split(separator: " ").compactMap { pid_t($0) }
  }

  func promote() throws {
    try Self.runAsOther("pg_ctl", "promote", "-w", "-D", "\(place)/data")
  }

  // MARK: - Asking it

  /// What it answers, by psql.
  @discardableResult
  func sql(_ text: String) throws -> String {
    try Self.run(["\(Self.programs)/psql", "-qXAt", "-v", "ON_ERROR_STOP=1", url, "-c", text])
  }

  /// Waits until a query answers `t`.
  func wait(for query: String, seconds: Double = 20) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while try sql(query) != "t\n" {
      guard Date() < deadline else { throw Failed(arguments: [query], message: "not so") }
      usleep(10_000)
    }
  }

  // MARK: - Programs

  private static func runAsOther(_ program: String, _ arguments: String...) throws {
    try run(asOther + ["\(programs)/\(program)"] + arguments)
  }

  @discardableResult
  static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(arguments: arguments, message: text) }
    return text
  }
}
