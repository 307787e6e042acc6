import Synchronization
import SystemCalls

/// How far a connection is, for any thread to see.
final class ConnectionState: Sendable {
  enum Phase: UInt8, AtomicRepresentable {
    /// Nothing whole has ever come.
    case new
    /// A request has begun and is not whole.
    case receiving
    /// A request is whole and not answered.
    case inHand
    /// The last request is answered.
    case kept
    /// Nothing more is received.
    case ended
  }

  /// Counts the connections in the order in which they came.
  let number: Int
  let descriptor: Int32
  /// How many bytes of a request that is not whole are kept.
  let held = Atomic(0)
  private let current = Atomic(Phase.new)
  private let start = Atomic(0)

  init(number: Int, descriptor: Int32) {
    self.number = number
    self.descriptor = descriptor
  }

  var phase: Phase { current.load(ordering: .relaxed) }

  func enter(_ phase: Phase) { current.store(phase, ordering: .relaxed) }

  /// When the request began that is being received, in microseconds.
  var beginning: Int { start.load(ordering: .relaxed) }

  func begin(at microseconds: Int) {
    start.store(microseconds, ordering: .relaxed)
    enter(.receiving)
  }

  /// To be called while the connection is sure to be open.
  func end() {
    enter(.ended)
    System.endReceiving(descriptor)
  }
}
