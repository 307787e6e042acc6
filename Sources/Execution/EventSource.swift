public import SystemCalls

/// A descriptor, and what to do when there is something to read or an end.
public protocol EventSource: AnyObject, Sendable {
  var descriptor: FileDescriptor { get }
  /// Whether other processes wait for this descriptor too, and only one of them needs to wake up.
  var isShared: Bool { get }

  /// Whether something has begun that a loop which is to stop waits for.
  var isUnfinished: Bool { get }

  /// Does what there is to do. Never called again before it has returned.
  /// - Returns: whether to go on watching the descriptor; if not, the loop lets go of the source.
  func serve(on executor: ThreadExecutor) -> Bool

  /// The loop ends, and lets go of the source, which it is not serving.
  func loopEnds()
}

extension EventSource {
  public var isShared: Bool { false }
  public var isUnfinished: Bool { false }
  public func loopEnds() {}
}
