import Synchronization
import SystemCalls

extension Array where Element: Sendable {
  /// Calls `body` with each element once, on several threads, and returns after the last.
  ///
  /// What waits for a disk gains by it: a file system makes the writes of many callers durable at
  /// once.
  func forEachOnThreads(_ count: Int, _ body: @escaping @Sendable (Element) -> Void) {
    let next = Shared(self)
    let work: @Sendable () -> Void = {
      while let element = next.take() { body(element) }
    }
    // With fewer threads it takes longer.
    let threads = (1..<Swift.max(1, count)).compactMap { _ in try? System.startThread(work) }
    work()
    for thread in threads { thread.join() }
  }
}

private final class Shared<Element: Sendable>: Sendable {
  private let elements: [Element]
  private let index = Atomic(0)

  init(_ elements: [Element]) { self.elements = elements }

  func take() -> Element? {
    let index = index.add(1, ordering: .relaxed).oldValue
    return index < elements.count ? elements[index] : nil
  }
}
