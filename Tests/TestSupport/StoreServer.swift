import Foundation

/// A server of documents that a test run started, in a folder of its own, killed when it is let go.
///
/// `@unchecked Sendable`: started and stopped by one thread.
public final class StoreServer: @unchecked Sendable {
  public enum Kind: String, Sendable {
    case redis, postgresql
  }

  /// Where it is, as the setting `store` has it.
  public let url: String
  public let kind: Kind
  private let folder: String
  private let start: [String]
  private var process: Process?

  /// Why there is no server.
  public struct Failed: Error, CustomStringConvertible {
    public let description: String
  }

  /// Whether the server's package is installed.
  public static func isInstalled(_ kind: Kind) -> Bool {
    switch kind {
    case .redis: FileManager.default.isExecutableFile(atPath: "/usr/bin/redis-server")
    case .postgresql: postgreSQLPrograms != nil
    }
  }

  /// Starts one, and returns once it answers.
  /// - Parameter settings: lines of `redis.conf`, or `name=value` of PostgreSQL.
  public init(_ kind: Kind, settings: [String] = []) throws {
    self.kind = kind
    // Short: the path of a Unix socket has at most 107 bytes.
    folder = "/tmp/postern-\(kind.rawValue)-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    switch kind {
    case .redis:
      let port = try LoopbackServer.freePort()
      url = "redis://default:\(Self.password)@127.0.0.1:\(port)"
      let lines =
        [
          "port \(port)", "bind 127.0.0.1", "dir \(folder)", "save \"\"", "databases 10000",
          "appendonly yes", "appendfsync always", "logfile \(folder)/log",
          "requirepass \(Self.password)",
        ] + settings
      try lines.joined(separator: "\n").write(
        toFile: "\(folder)/redis.conf", atomically: true, encoding: .utf8)
      start = ["/usr/bin/redis-server", "\(folder)/redis.conf"]
    case .postgresql:
      guard let programs = Self.postgreSQLPrograms else {
        throw Failed(description: "postgresql is not installed")
      }
      url = "postgresql://postern:\(Self.password)@/postgres?host=\(folder)"
      if getuid() == 0 { try Self.run(["/bin/chown", "postgres", folder]) }
      try Self.run(
        Self.asOther + [
          "\(programs)/initdb", "-D", "\(folder)/data", "-A", "trust", "-U", "postern", "-N",
        ])
      start =
        Self.asOther + [
          "\(programs)/postgres", "-D", "\(folder)/data", "-k", folder, "-c", "listen_addresses=",
          "-c", "max_connections=200",
        ] + settings.flatMap { ["-c", $0] }
    }
    try resume()
  }

  deinit { remove() }

  /// Whose presence anywhere but in the setting would be a leak.
  public static let password = "canary-of-the-store"

  /// Starts it again after `stop`.
  public func resume() throws {
    process = try Self.spawn(start)
    for _ in 0..<1_000 {
      if (try? ask()) == true { return }
      usleep(20_000)
    }
    throw Failed(description: "\(kind.rawValue) does not answer")
  }

  /// Kills it, and leaves its data.
  public func stop() {
    guard let process, process.isRunning else { return }
    // PostgreSQL's children end with it.
    kill(process.processIdentifier, kind == .redis ? SIGKILL : SIGQUIT)
    process.waitUntilExit()
    self.process = nil
  }

  /// Kills it, with its data.
  public func remove() {
    stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Runs a command of `redis-cli` or a statement of `psql`, and returns what it prints.
  @discardableResult
  public func command(_ words: String...) throws -> String {
    switch kind {
    case .redis:
      try Self.run(["/usr/bin/redis-cli", "--no-auth-warning", "-u", url] + words)
    case .postgresql: try Self.run(["/usr/bin/psql", "-qAtX", url, "-c"] + words)
    }
  }

  private func ask() throws -> Bool {
    switch kind {
    case .redis: try command("ping").contains("PONG")
    case .postgresql: try command("select 1").contains("1")
    }
  }

  private static let postgreSQLPrograms: String? = {
    let folder = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(folder)/\($0)/bin" }
      .first { FileManager.default.isExecutableFile(atPath: "\($0)/postgres") }
  }()

  /// PostgreSQL refuses to run as root.
  private static let asOther =
    getuid() == 0
    ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []

  private static func spawn(_ arguments: [String], _ output: Any? = nil) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  @discardableResult
  private static func run(_ arguments: [String]) throws -> String {
    let output = Pipe()
    let process = try spawn(arguments, output)
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failed(description: "\(arguments[0]) exits with \(process.terminationStatus)")
    }
    return text
  }
}
