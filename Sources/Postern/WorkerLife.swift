import Synchronization
import SystemCalls

/// How many requests a worker has left.
///
/// Setting `workers.maxRequests`, as php-fpm's `pm.max_requests`: what leaks memory, such as a
/// module's library, is kept small by it. Each worker draws up to a tenth more, so that they do not
/// end all at once.
final class WorkerLife: Sendable {
  /// Raised after the last one.
  let isOver: StopFlag
  private let requestsLeft: Atomic<Int>

  /// - Parameter requestLimit: 0 for none.
  init(requestLimit: Int) throws(SystemCallError) {
    isOver = try StopFlag()
    requestsLeft = Atomic(
      requestLimit == 0 ? .max : requestLimit + Int.random(in: 0...requestLimit / 10))
  }

  func countRequest() {
    if requestsLeft.subtract(1, ordering: .relaxed).newValue == 0 { isOver.raise() }
  }
}
