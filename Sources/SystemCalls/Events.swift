import CLinux

/// Waits for many descriptors at once (epoll(7)), each told for as long as there is something to
/// read or an end.
public final class EventQueue: Sendable {
  private let queue: FileDescriptor

  public init() throws(SystemCallError) {
    queue = FileDescriptor(
      try System.retrying("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
  }

  /// Watches `descriptor` under the name of `token`.
  /// - Parameter isShared: whether other processes wait for it too, and only one of them is told
  ///   (`EPOLLEXCLUSIVE`).
  public func add(
    _ descriptor: FileDescriptor, isShared: Bool = false, token: UInt64
  ) throws(SystemCallError) {
    let flags = EPOLLIN.rawValue | (isShared ? EPOLLEXCLUSIVE.rawValue : EPOLLRDHUP.rawValue)
    var event = epoll_event(events: flags, data: epoll_data(u64: token))
    try System.retrying("epoll_ctl") {
      epoll_ctl(queue.number, EPOLL_CTL_ADD, descriptor.number, &event)
    }
  }

  public func remove(_ descriptor: FileDescriptor) throws(SystemCallError) {
    try System.retrying("epoll_ctl") {
      epoll_ctl(queue.number, EPOLL_CTL_DEL, descriptor.number, nil)
    }
  }

  /// Fills `batch`, which is empty, with what is ready. It stays empty after `milliseconds` (-1: no
  /// limit) without anything.
  public func wait(for batch: EventBatch, milliseconds: Int32) throws(SystemCallError) {
    let count = try System.retrying("epoll_wait") {
      epoll_wait(queue.number, batch.events, Int32(EventBatch.capacity), milliseconds)
    }
    batch.rest = 0..<Int(count)
  }
}

/// The tokens of descriptors that are ready. For one thread at a time.
public final class EventBatch {
  static let capacity = 64
  fileprivate let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
  fileprivate var rest = 0..<0

  public init() {}

  deinit { events.deallocate() }

  public var isEmpty: Bool { rest.isEmpty }

  /// Takes the next one out; `nil` where there is none.
  public func next() -> UInt64? {
    rest.popFirst().map { events[$0].data.u64 }
  }
}

/// A flag that wakes all threads that wait for it (eventfd(2)); once raised, it stays so.
public final class StopFlag: Sendable {
  /// Readable once the flag is raised.
  public let descriptor: FileDescriptor

  public init() throws(SystemCallError) {
    descriptor = FileDescriptor(
      try System.retrying("eventfd") {
        eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
      })
  }

  public func raise() {
    eventfd_write(descriptor.number, 1)
  }
}
