import CLinux
import Glibc

/// A timer that is readable once its time has come (timerfd_create(2)).
public final class TimerDescriptor: Sendable {
  public let descriptor: FileDescriptor

  public init() throws(SystemCallError) {
    descriptor = FileDescriptor(
      try System.retrying("timerfd_create") {
        timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
      })
  }

  /// Begins anew: its time comes after so many milliseconds, which are 1 or more.
  public func start(milliseconds: Int) throws(SystemCallError) {
    var time = itimerspec()
    time.it_value.tv_sec = milliseconds / 1_000
    time.it_value.tv_nsec = milliseconds % 1_000 * 1_000_000
    try System.retrying("timerfd_settime") { timerfd_settime(descriptor.number, 0, &time, nil) }
  }

  /// Makes it unreadable until its next time.
  public func acknowledge() {
    var count: UInt64 = 0
    read(descriptor.number, &count, MemoryLayout.size(ofValue: count))
  }
}
