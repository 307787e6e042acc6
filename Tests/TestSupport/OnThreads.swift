import Foundation
import Synchronization

/// Runs `body` on `count` threads that start together, and gives back what it returned.
@discardableResult
public func onThreads<R: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> R) -> [R] {
  let results = Mutex<[R]>([])
  let gate = DispatchSemaphore(value: 0)
  let group = DispatchGroup()
  for number in 0..<count {
    group.enter()
    Thread.detachNewThread {
      gate.wait()
      let result = body(number)
      results.withLock { $0.append(result) }
      group.leave()
    }
  }
  for _ in 0..<count { gate.signal() }
  group.wait()
  return results.withLock { $0 }
}
