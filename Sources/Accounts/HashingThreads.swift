import Dispatch
import Synchronization
import SystemCalls

/// Threads that compute hashes and let other threads go first.
///
/// Each is started when all others are at work, and ends with this object. They last: what the start
/// of a thread costs must not tell one sign-in from another.
final class HashingThreads: Sendable {
  private let queue = Queue()
  private let pool = Mutex((threads: [JoinableThread](), working: 0))

  /// As much as lets a thread of the usual nice value have nine tenths of a core that both want
  /// (sched(7)): other requests are answered nearly as if nobody signed in, and sign-ins go on.
  private static let niceness: Int32 = 10

  /// Runs `body` on one of the threads, and waits until it is done.
  ///
  /// `body` must not hold the owner of this object: its last reference would end with a thread that
  /// has to be joined then.
  /// - Throws: `SystemCallError` where there can be no further thread.
  func run<R: Sendable>(_ body: @escaping @Sendable () -> R) throws -> R {
    try pool.withLock { pool in
      if pool.working == pool.threads.count {
        let thread = try System.startThread(niceness: Self.niceness) { [queue] in
          while let job = queue.next() { job() }
        }
        pool.threads.append(thread)
      }
      pool.working += 1
    }
    defer { pool.withLock { $0.working -= 1 } }
    let outcome = Outcome<R>()
    queue.add { outcome.set(body()) }
    return outcome.wait()
  }

  deinit {
    let threads = pool.withLock { $0.threads }
    // Nothing is queued any longer, so each that wakes finds nothing and ends.
    for _ in threads { queue.wakeOne() }
    for thread in threads { thread.join() }
  }

  /// What is to be done by whichever thread is free.
  private final class Queue: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let waiting = DispatchSemaphore(value: 0)

    func add(_ job: @escaping @Sendable () -> Void) {
      jobs.withLock { $0.append(job) }
      waiting.signal()
    }

    func wakeOne() { waiting.signal() }

    /// Waits for a job; `nil` where it was woken without one.
    func next() -> (@Sendable () -> Void)? {
      waiting.wait()
      return jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }

  private final class Outcome<R: Sendable>: Sendable {
    private let stored = Mutex<R?>(nil)
    private let isDone = DispatchSemaphore(value: 0)

    func set(_ value: R) {
      stored.withLock { $0 = value }
      isDone.signal()
    }

    func wait() -> R {
      while true {
        isDone.wait()
        if let value = stored.withLock({ $0 }) { return value }
      }
    }
  }
}
