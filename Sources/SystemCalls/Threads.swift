import Glibc
import Synchronization

extension System {
  /// Runs `body` on a thread made for it (pthread_create(3)), and waits until it is done.
  ///
  /// No signal is delivered to that thread, and its nice value is its own (nice(2): on Linux it is
  /// one of threads, not of processes).
  /// - Parameter niceness: what is added to the nice value of the caller.
  /// - Throws: where there can be no further thread; `body` does not run then.
  public static func runOnThread<R: Sendable>(
    niceness: Int32, _ body: @escaping @Sendable () -> R
  ) throws(SystemCallError) -> R {
    let outcome = Outcome<R>()
    let work = Unmanaged.passRetained(
      Work {
        blockSignals()
        _ = nice(niceness)
        outcome.set(body())
      })
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, runWork, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw SystemCallError(call: "pthread_create", code: code)
    }
    pthread_join(thread, nil)
    guard let result = outcome.value else {
      throw SystemCallError(call: "pthread_join", code: EINVAL)
    }
    return result
  }
}

private final class Work {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}

private final class Outcome<R: Sendable>: Sendable {
  private let stored = Mutex<R?>(nil)

  var value: R? { stored.withLock { $0 } }
  func set(_ value: R) { stored.withLock { $0 = value } }
}

private func runWork(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let pointer else { return nil }
  Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
  return nil
}
