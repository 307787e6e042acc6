import Glibc
import Synchronization
import SystemCalls

/// The connections of workers that end, for those that stay.
///
/// The web server keeps connections, and may send the next request at the very moment at which the
/// worker ends: on a connection that is closed then, it would be lost.
final class LeftConnections: Sendable {
  let queue: DescriptorQueue
  /// Until when this worker waits where the queue is full.
  private let end = Mutex<ContinuousClock.Instant?>(nil)

  /// The kernel keeps about 280 of them, and other workers take them out in less than a millisecond.
  /// But there may be none.
  private static let timeout = Duration.milliseconds(500)

  init(queue: DescriptorQueue) {
    self.queue = queue
  }

  /// Leaves a connection to the others. Where that cannot be done, it is only closed.
  func add(_ connection: FileDescriptor) {
    while true {
      do throws(SystemCallError) {
        return try queue.pass(connection)
      } catch {
        guard error.code == EAGAIN, mayWait() else { return }
        usleep(500)
      }
    }
  }

  private func mayWait() -> Bool {
    let end = end.withLock { end in
      let time = end ?? .now + Self.timeout
      end = time
      return time
    }
    return .now < end
  }
}
