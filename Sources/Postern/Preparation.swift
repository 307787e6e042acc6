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
  /// When it has taken too long.
  let deadline: ContinuousClock.Instant

  /// A start takes a fraction of a second, but a module may connect to something.
  static let timeout = Duration.seconds(30)

  /// - Parameters:
  ///   - path: of the program.
  ///   - options: that say where the settings are.
  init(program path: String, options: [String]) throws {
    program = try System.pin(path)
    inheritance = try System.anonymousFile("postern")
    deadline = .now + Self.timeout
    process = try WorkerPlan.start(
      program, named: path, ["prepare"] + options,
      descriptors: [Inheritance.descriptor: inheritance])
  }

  /// What it found, after it has ended with status 0.
  func plan() throws -> WorkerPlan {
    let prepared = try Inheritance(from: inheritance)
    return WorkerPlan(
      configuration: try PosternConfiguration(prepared.settings), program: program,
      inheritance: inheritance)
  }
}
