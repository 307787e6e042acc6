import Dispatch
import Synchronization

/// The result of `body`, which this thread waits for.
func wait<R: Sendable>(for body: @escaping @Sendable () async throws -> R) throws -> R {
  let outcome = Outcome<R>()
  let done = DispatchSemaphore(value: 0)
  Task.detached {
    do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
    done.signal()
  }
  done.wait()
  return try outcome.get()
}

private final class Outcome<R: Sendable>: Sendable {
  private let result = Mutex<Result<R, any Error>?>(nil)

  func set(_ result: Result<R, any Error>) { self.result.withLock { $0 = result } }

  func get() throws -> R {
    guard let result = result.withLock({ $0 }) else { fail("there is no result") }
    return try result.get()
  }
}
