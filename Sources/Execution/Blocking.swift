import Glibc

/// Tells the event loop what may block.
public enum Blocking {
  /// Runs `body`, which may wait for a lock, a disk or another thread. Where the calling thread
  /// serves an event loop, another one takes the loop over first, so that only this request waits.
  ///
  /// It costs some microseconds. What blocks without saying so holds the loop up for one or two
  /// milliseconds, until the loop notices.
  public static func run<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    if let thread = LoopThread.current { thread.loop.handOver(thread.event) }
    return try body()
  }
}

/// A thread of an event loop.
final class LoopThread {
  let loop: EventLoop
  let executor = ThreadExecutor()
  /// The number of the event that it serves or served last.
  var event: UInt64 = 0

  init(_ loop: EventLoop) { self.loop = loop }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// That of the calling thread, for as long as it serves a loop.
  static var current: LoopThread? {
    pthread_getspecific(key).map { Unmanaged<LoopThread>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Makes this the calling thread's while `body` runs.
  func run(_ body: (LoopThread) -> Void) {
    pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
    body(self)
    pthread_setspecific(Self.key, nil)
  }
}
