import FoundationEssentials
import Glibc
import SystemCalls

/// What the supervisor's next program needs to go on where this one stops: numbers of open
/// descriptors and of processes. It is in a file without a name, as `Inheritance`.
struct SupervisorState: Codable {
  /// Another one for each state that programs of before cannot go on from.
  static let version = 1

  struct Pair: Codable {
    let read, write: Int32
  }

  struct Worker: Codable {
    let id: pid_t
    let reports: Int32?
    let isReady: Bool
    let requestTimeout: Int
  }

  /// The path of the run folder.
  let run: String
  let socket, control, pidFile, metrics: Int32
  /// `nil` in the state of earlier programs, which make their socket themselves.
  let isSocketManaged: Bool?
  let lifeline, handOver: Pair
  /// The path of the program.
  let program: String
  let workerProgram, inheritance: Int32
  let workers: [Worker?]
  let leaving: [pid_t]
  let sweep: pid_t?

  /// All that has to stay open.
  var descriptors: [Int32] {
    [
      socket, control, pidFile, metrics, lifeline.read, lifeline.write, handOver.read,
      handOver.write,
      workerProgram, inheritance,
    ] + workers.compactMap { $0?.reports }
  }

  func file() throws -> FileDescriptor {
    try System.anonymousFile("postern", [UInt8](JSONEncoder().encode(self)))
  }

  /// - Parameter number: of a descriptor that `file` made, in the program of before.
  init(from number: Int32) throws {
    let file = try System.open("/proc/self/fd/\(number)", O_RDONLY)
    let bytes = try System.read(file, limit: Int(System.status(of: file).st_size))
    self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    _ = FileDescriptor(number)
    for number in descriptors {
      let descriptor = FileDescriptor(number)
      descriptor.disown()
      try System.setClosedOnExec(descriptor, true)
    }
  }

  /// What workers are started with.
  func plan() throws -> WorkerPlan {
    let file = FileDescriptor(inheritance)
    file.disown()
    let configuration = try PosternConfiguration(Inheritance(from: file).settings)
    return WorkerPlan(
      configuration: configuration, program: FileDescriptor(workerProgram),
      inheritance: FileDescriptor(inheritance), data: DataState(of: configuration))
  }
}

extension SupervisorState {
  /// `nil` while a reload or a client must not be interrupted.
  init?(_ supervisor: borrowing Supervisor) {
    guard !supervisor.reloadIsUnderWay, supervisor.run.control.isIdle,
      supervisor.slots.allSatisfy({ $0.successor == nil })
    else { return nil }
    run = supervisor.run.path
    socket = supervisor.run.socket.descriptor.number
    isSocketManaged = supervisor.run.isSocketManaged
    control = supervisor.run.control.descriptor.number
    pidFile = supervisor.run.pidFile.file.number
    metrics = supervisor.metrics.file.number
    lifeline = Pair(
      read: supervisor.lifeline.read.number, write: supervisor.lifeline.write.number)
    handOver = Pair(
      read: supervisor.handOver.output.number, write: supervisor.handOver.input.number)
    program = supervisor.program
    workerProgram = supervisor.plan.program.number
    inheritance = supervisor.plan.inheritance.number
    let timeout = supervisor.plan.configuration.requestTimeout
    workers = supervisor.slots.map { slot in
      slot.current.map {
        Worker(
          id: $0.id, reports: $0.reports?.number, isReady: $0.isReady, requestTimeout: timeout)
      }
    }
    leaving = Array(supervisor.leaving.keys)
    sweep = supervisor.sweeper.process
  }
}

extension WorkerProcess {
  init(_ worker: SupervisorState.Worker) {
    self.init(
      id: worker.id, reports: worker.reports.map { FileDescriptor($0) },
      requestLimit: RequestLimit(seconds: worker.requestTimeout))
    isReady = worker.isReady
    if isReady { noteAlive() }
  }
}
