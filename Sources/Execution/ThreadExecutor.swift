import Dispatch
import Synchronization

/// Runs asynchronous code on the calling thread: a task executor (SE-0417) for each serving thread.
///
/// Handlers call what blocks: locks, fsync, Argon2. On the shared pool, with as many threads as
/// cores, that would hold up every other request. Here it holds up this thread alone, and nothing
/// switches threads.
public final class ThreadExecutor: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  /// Counts the jobs that wait.
  private let waiting = DispatchSemaphore(value: 0)
  private let hasEnded = Atomic(false)

  public init() {}

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    waiting.signal()
  }

  /// Runs `operation` to its end on the calling thread, and sleeps while it waits for others. One
  /// operation at a time.
  @inlinable
  public func run<R: Sendable>(_ operation: @escaping @Sendable () async -> R) -> R {
    let outcome = Outcome<R>()
    runToEnd { outcome.value = await operation() }
    // `runToEnd` returns after the value was set.
    guard let value = outcome.value else { fatalError("the operation has not ended") }
    return value
  }

  /// Not generic, and so not looked up at run time: each request comes through here.
  @usableFromInline
  func runToEnd(_ operation: @escaping @Sendable () async -> Void) {
    hasEnded.store(false, ordering: .relaxed)
    Task(executorPreference: self) { [self] in
      await operation()
      hasEnded.store(true, ordering: .releasing)
    }
    while !hasEnded.load(ordering: .acquiring) {
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

  /// `@unchecked Sendable`: set and read on the thread of the executor alone.
  @usableFromInline
  final class Outcome<R: Sendable>: @unchecked Sendable {
    @usableFromInline var value: R?
    @usableFromInline init() {}
  }
}
