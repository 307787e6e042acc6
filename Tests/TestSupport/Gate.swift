import Foundation
import Synchronization

/// Holds threads, as a slow disk would, until it is opened.
public final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var holding = 0
    var most = 0
  }

  private let state = Mutex(State())

  /// How many threads it holds.
  public var holding: Int { state.withLock { $0.holding } }
  /// How many it ever held at once.
  public var most: Int { state.withLock { $0.most } }

  public init() {}

  public func open() { state.withLock { $0.isOpen = true } }

  public func pass() {
    state.withLock {
      $0.holding += 1
      $0.most = max($0.most, $0.holding)
    }
    while !state.withLock({ $0.isOpen }) { usleep(500) }
    state.withLock { $0.holding -= 1 }
  }

  /// Waits until it holds `count` threads; `false` where that does not come to be.
  public func waitUntilHolding(_ count: Int) -> Bool {
    for _ in 0..<20_000 {
      if holding == count { return true }
      usleep(500)
    }
    return false
  }
}
