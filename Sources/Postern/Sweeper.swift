import Glibc
import Logging
import SystemCalls

/// Runs `postern sweep --gently` beside the workers, time after time.
struct Sweeper {
  var interval: Duration {
    didSet { if process == nil, interval != oldValue { schedule() } }
  }
  private(set) var process: pid_t?
  /// When the next sweep starts; `nil` while one runs or when there are to be none.
  private(set) var nextStart: ContinuousClock.Instant?

  /// The first one: soon, for the sake of services that are restarted often, but not at once.
  private static let firstPause = Duration.seconds(60)

  /// - Parameters:
  ///   - interval: from the end of one sweep to the start of the next; zero for none.
  ///   - process: a sweep that runs already.
  init(interval: Duration, running process: pid_t? = nil) {
    self.interval = interval
    self.process = process
    if process == nil { schedule() }
  }

  private mutating func schedule() {
    nextStart = interval == .zero ? nil : .now + min(interval, Self.firstPause)
  }

  /// - Parameters:
  ///   - plan: whose program and settings it takes.
  ///   - name: what it is called in lists of processes.
  mutating func startIfDue(_ plan: WorkerPlan, named name: String, _ logger: Logger) {
    guard let due = nextStart, due <= .now else { return }
    do {
      process = try WorkerPlan.start(
        plan.program, named: name, ["sweep", "--gently", "--supervised"],
        descriptors: [Inheritance.descriptor: plan.inheritance],
        withheld: ModuleList.current.secretEnvironmentNames + ServiceManager.environmentNames)
      nextStart = nil
    } catch {
      logger.warning("cannot start a sweep", metadata: ["error": "\(error)"])
      nextStart = .now + interval
    }
  }

  mutating func noteEnd(of ended: pid_t) {
    guard ended == process else { return }
    process = nil
    nextStart = interval == .zero ? nil : .now + interval
  }

  /// It can be ended at any moment: each of its updates is atomic.
  func stop() {
    if let process { System.send(SIGTERM, to: process) }
  }
}
