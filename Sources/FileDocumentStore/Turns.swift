import Dispatch
import Synchronization

/// Gives the threads of this process their turns at something that has a name, one at a time, in the
/// order in which they came.
final class Turns: Sendable {
  private final class Waiter: Sendable {
    let called = DispatchSemaphore(value: 0)
  }

  /// Those who wait for each thing that somebody has. What nobody has is not in here.
  private let waiters = Mutex<[String: [Waiter]]>([:])

  /// Waits for its turn. Returns `false` where that did not come before the deadline.
  func take(_ name: String, until deadline: ContinuousClock.Instant) -> Bool {
    let place: Waiter? = waiters.withLock { waiters in
      guard waiters[name] != nil else {
        waiters[name] = []
        return nil
      }
      let waiter = Waiter()
      waiters[name]?.append(waiter)
      return waiter
    }
    guard let place else { return true }
    let rest = max(.zero, deadline - .now).components
    let timeout = DispatchTime.now() + .nanoseconds(Int(rest.attoseconds / 1_000_000_000))
    if place.called.wait(timeout: timeout + .seconds(Int(rest.seconds))) == .success { return true }
    return waiters.withLock { waiters in
      // Where it is not there any longer, its turn has come at the last moment.
      guard let index = waiters[name]?.firstIndex(where: { $0 === place }) else { return true }
      waiters[name]?.remove(at: index)
      return false
    }
  }

  /// Ends the turn of the caller; the one that has waited longest has the next one.
  func giveBack(_ name: String) {
    let next: Waiter? = waiters.withLock { waiters in
      guard waiters[name]?.isEmpty == false else {
        waiters[name] = nil
        return nil
      }
      return waiters[name]?.removeFirst()
    }
    next?.called.signal()
  }

  /// How many wait for a thing; `nil` where nobody has it.
  func count(waitingFor name: String) -> Int? { waiters.withLock { $0[name]?.count } }
}
