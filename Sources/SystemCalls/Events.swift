import CLinux

/// Waits for many descriptors at once (epoll(7)); any number of threads may wait on one of these.
public final class EventQueue: Sendable {
  private let queue: FileDescriptor

  public enum Interest: Sendable {
    /// Told to one waiter at a time, for as long as there is something.
    case everyTime
    /// The same, and to only one of the processes that wait (`EPOLLEXCLUSIVE`).
    case everyTimeShared
    /// Told to one waiter, once, until `rearm` is called.
    case once

    var flags: UInt32 {
      switch self {
      case .everyTime: EPOLLIN.rawValue
      case .everyTimeShared: EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue
      case .once: EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue
      }
    }
  }

  public init() throws(SystemCallError) {
    queue = FileDescriptor(
      try System.retrying("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
  }

  /// Watches `descriptor`; `wait` returns `token` when there is something to read or an end.
  public func add(
    _ descriptor: Int32, _ interest: Interest, token: UInt64
  ) throws(SystemCallError) {
    try control(EPOLL_CTL_ADD, descriptor, interest, token)
  }

  public func rearm(_ descriptor: Int32, token: UInt64) throws(SystemCallError) {
    try control(EPOLL_CTL_MOD, descriptor, .once, token)
  }

  public func remove(_ descriptor: Int32) throws(SystemCallError) {
    try control(EPOLL_CTL_DEL, descriptor, .once, 0)
  }

  /// The token of one descriptor that is ready; `nil` after `milliseconds` without any.
  public func wait(milliseconds: Int32) throws(SystemCallError) -> UInt64? {
    var event = epoll_event()
    let count = try System.retrying("epoll_wait") {
      epoll_wait(queue.number, &event, 1, milliseconds)
    }
    return count == 0 ? nil : event.data.u64
  }

  private func control(
    _ operation: Int32, _ descriptor: Int32, _ interest: Interest, _ token: UInt64
  ) throws(SystemCallError) {
    var event = epoll_event(events: interest.flags, data: epoll_data(u64: token))
    try System.retrying("epoll_ctl") { epoll_ctl(queue.number, operation, descriptor, &event) }
  }
}

/// A flag that wakes all threads that wait for it (eventfd(2)); once raised, it stays so.
public final class StopFlag: Sendable {
  private let event: FileDescriptor

  public init() throws(SystemCallError) {
    event = FileDescriptor(
      try System.retrying("eventfd") {
        eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
      })
  }

  /// Readable once the flag is raised.
  public var descriptor: Int32 { event.number }

  public func raise() {
    eventfd_write(event.number, 1)
  }
}
