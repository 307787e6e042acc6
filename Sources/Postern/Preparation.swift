import Glibc
import Logging
import SystemCalls

/// A process that reads the settings and the keys as they are now, by the program that lies at our
/// path now, and tries whether workers could be started with them.
///
/// Not done by the supervisor itself: the program may be another one than it runs.
struct Preparation {
  let process: pid_t
  private let program: FileDescriptor
  private let inheritance: FileDescriptor
  /// Where it writes why not.
  private let refusal: FileDescriptor
  /// When it has taken too long.
  let deadline: ContinuousClock.Instant

  /// A start takes a fraction of a second, but a module may connect to something.
  static let timeout = Duration.seconds(30)
  /// The process's descriptor for the reason where workers could not be started.
  static let refusal: Int32 = 5

  /// - Parameters:
  ///   - path: of the program.
  ///   - options: that say where the settings are.
  init(program path: String, options: [String]) throws {
    program = try System.pin(path)
    inheritance = try System.anonymousFile("postern")
    refusal = try System.anonymousFile("postern")
    deadline = .now + Self.timeout
    process = try WorkerPlan.start(
      program, named: path, ["prepare"] + options,
      descriptors: [Inheritance.descriptor: inheritance, Self.refusal: refusal],
      withheld: ServiceManager.environmentNames)
  }

  /// What it found, after it has ended.
  /// - Throws: `ConfigurationError` where workers cannot be started.
  func plan(after end: ProcessEnd) throws -> WorkerPlan {
    guard end == .exited(status: 0) else {
      throw ConfigurationError(reason ?? "workers cannot be started (\(end))")
    }
    let prepared = try Inheritance(from: inheritance)
    let configuration = try PosternConfiguration(prepared.settings)
    return WorkerPlan(
      configuration: configuration, program: program, inheritance: inheritance,
      data: DataState(of: configuration),
      canSupervise: prepared.supervisorVersion == SupervisorState.version)
  }

  private var reason: String? {
    guard let file = try? System.open("/proc/self/fd/\(refusal.number)", O_RDONLY),
      let bytes = try? System.read(file, limit: 2_000), !bytes.isEmpty
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
