import Execution
import SystemCalls

/// How much can be written to a connection without waiting for its peer to read.
///
/// A web server reads each answer before it sends the next request, so that all the room is free as a
/// rule: it is looked at only after so many bytes as it is sure to hold. A peer that only asks and
/// never reads would otherwise bind a thread with each of its connections.
struct SendRoom {
  /// What fits into a socket that has room, however the kernel counts: half of its usual buffer.
  private static let most = 96 * 1024
  /// The most to ask for at once.
  static let part = 32 * 1024
  /// How long all of an answer may wait for its peer, in microseconds.
  private static let patience = 10_000_000

  private var left = most
  private var deadline: Int?

  /// Makes sure that so many bytes, at most `part`, can be written. Where that takes waiting, the
  /// calling thread waits, if not too many do.
  /// - Returns: whether they can.
  mutating func reserve(_ count: Int, on socket: FileDescriptor, _ watch: ConnectionWatch) -> Bool {
    let cost = count + count / 4 + 4_096
    if left < cost {
      guard System.hasRoom(socket, within: 0) || wait(for: socket, watch) else { return false }
      left = Self.most
    }
    left -= cost
    return true
  }

  /// The next bytes belong to another answer.
  mutating func startAnswer() { deadline = nil }

  private mutating func wait(for socket: FileDescriptor, _ watch: ConnectionWatch) -> Bool {
    guard watch.mayWait() else { return false }
    defer { watch.endWaiting() }
    let now = System.monotonicMicroseconds
    let end = deadline ?? now + Self.patience
    deadline = end
    guard end > now else { return false }
    return Blocking.run {
      System.hasRoom(socket, within: Int32((end - now) / 1_000))
    }
  }
}
