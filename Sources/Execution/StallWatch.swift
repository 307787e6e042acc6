import Dispatch
import Glibc
import Synchronization
import SystemCalls

/// Hands a loop over where one event holds it from one tick to the next.
final class StallWatch: Sendable {
  /// Microseconds.
  private static let tick: UInt32 = 1_000
  /// After so many ticks without an event it sleeps until the next one.
  private static let restAfter = 50

  private let rests = Atomic(false)
  private let isStopping = Atomic(false)
  private let wake = DispatchSemaphore(value: 0)
  private let thread = Mutex<JoinableThread?>(nil)

  /// - Parameter loop: lives until `stop` has returned.
  func start(watching loop: EventLoop) {
    thread.withLock { $0 = try? System.startThread { [self, unowned loop] in run(loop) } }
  }

  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    wakeUp()
    if let thread = thread.withLock({ $0.take() }) { thread.join() }
  }

  /// There is an event to watch. Costs next to nothing while the watch is awake.
  func wakeUp() {
    guard rests.load(ordering: .sequentiallyConsistent) else { return }
    if rests.exchange(false, ordering: .sequentiallyConsistent) { wake.signal() }
  }

  private func run(_ loop: EventLoop) {
    var last: UInt64 = 0
    var quietTicks = 0
    while !isStopping.load(ordering: .sequentiallyConsistent) {
      let event = loop.eventInHand
      if event != 0, event == last { loop.handOverStalled(event) }
      quietTicks = event == 0 ? quietTicks + 1 : 0
      last = event
      if quietTicks < Self.restAfter {
        usleep(Self.tick)
        continue
      }
      quietTicks = 0
      rests.store(true, ordering: .sequentiallyConsistent)
      // An event that began before that did not wake it up.
      if loop.eventInHand == 0, !isStopping.load(ordering: .sequentiallyConsistent) { wake.wait() }
      rests.store(false, ordering: .sequentiallyConsistent)
    }
  }
}
