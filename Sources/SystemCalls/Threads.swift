import Glibc

extension System {
  /// Starts a thread (pthread_create(3)) that runs `body` and ends. No signal is delivered to it, and
  /// its nice value is its own (nice(2): on Linux it is one of threads, not of processes).
  /// - Parameter niceness: what is added to the nice value of the caller.
  public static func startThread(
    niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
  ) throws(SystemCallError) -> JoinableThread {
    let work = Unmanaged.passRetained(
      Work {
        blockSignals()
        if niceness != 0 { _ = nice(niceness) }
        body()
      })
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, runWork, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw SystemCallError(call: "pthread_create", code: code)
    }
    return JoinableThread(thread: thread)
  }
}

/// A thread that has to be joined or let go, once.
public struct JoinableThread: Sendable {
  fileprivate let thread: pthread_t

  /// pthread_equal(3): whether it is the calling thread.
  public var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }

  /// pthread_join(3): waits until it has ended.
  public func join() { pthread_join(thread, nil) }

  /// pthread_detach(3): nobody will join it.
  public func detach() { pthread_detach(thread) }
}

private final class Work {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}

private func runWork(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let pointer else { return nil }
  Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
  return nil
}
