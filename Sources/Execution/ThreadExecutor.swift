import Dispatch
import Synchronization

/// Runs asynchronous code on the calling thread: a task executor (SE-0417) for each accept thread.
///
/// Handlers call what blocks: locks, fsync, Argon2. On the shared pool, with as many threads as
/// cores, that would hold up every other request. Here it holds up this thread alone, and nothing
/// switches threads.
public final class ThreadExecutor: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  /// Counts the jobs that wait.
  private let waiting = DispatchSemaphore(value: 0)

  public init() {}

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    waiting.signal()
  }

  /// Runs `operation` to its end on the calling thread, and sleeps while it waits for others.
  public func run<R: Sendable>(_ operation: @escaping @Sendable () async -> R) -> R {
    let result = Outcome<R>()
    Task(executorPreference: self) { result.set(await operation()) }
    while true {
      if let value = result.value { return value }
      waiting.wait()
      jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  /// Runs `operation`, which may throw, to its end on the calling thread.
  public static func run<R: Sendable>(
    _ operation: @escaping @Sendable () async throws -> R
  ) throws -> R {
    try ThreadExecutor().run { () async -> Result<R, any Error> in
      do {
        return .success(try await operation())
      } catch {
        return .failure(error)
      }
    }.get()
  }

  private final class Outcome<R: Sendable>: Sendable {
    private let stored = Mutex<R?>(nil)

    var value: R? { stored.withLock { $0 } }
    func set(_ value: R) { stored.withLock { $0 = value } }
  }
}
