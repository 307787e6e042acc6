import Glibc

/// A value that one thread has at a time, for a moment.
///
/// Unlike `Mutex`, whose kernel lock (`FUTEX_LOCK_PI`) goes to the thread that waits longest: while
/// that is being woken, nobody has it, and where threads are more than processors they all end up
/// waiting in turn.
///
/// `@unchecked Sendable`: only the thread that has the lock reaches the value.
public final class BargingLock<Value: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var value: Value

  public init(_ value: Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  public func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
