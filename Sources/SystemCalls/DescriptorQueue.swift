import CLinux
import Glibc

/// A queue of open descriptors (`SCM_RIGHTS` in unix(7)), kept by the kernel: what one process has
/// passed stays open until another takes it, or all have closed the queue.
public struct DescriptorQueue: Sendable {
  /// Readable while there is something to take.
  public let output: FileDescriptor
  public let input: FileDescriptor

  /// A new queue, close-on-exec, that nobody ever waits for.
  public init() throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    try System.retrying("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
    self.init(output: FileDescriptor(ends[0]), input: FileDescriptor(ends[1]))
  }

  /// The two ends of a queue that another process made.
  public init(output: FileDescriptor, input: FileDescriptor) {
    self.output = output
    self.input = input
  }

  /// Puts `descriptor` into the queue. The caller's own stays open.
  /// - Throws: `EAGAIN` where the queue is full.
  public func pass(_ descriptor: FileDescriptor) throws(SystemCallError) {
    try System.retrying("sendmsg") { send_descriptor(input.number, descriptor.number) }
  }

  /// Takes the first one out; `nil` where there is none.
  public func take() throws(SystemCallError) -> FileDescriptor? {
    var descriptor: Int32 = -1
    do throws(SystemCallError) {
      let count = try System.retrying("recvmsg") { receive_descriptor(output.number, &descriptor) }
      return count == 0 ? nil : FileDescriptor(descriptor)
    } catch  where error.code == EAGAIN {
      return nil
    }
  }
}
