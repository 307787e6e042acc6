import Foundation
import Synchronization

/// Asks one question after the other until it is told to end, and measures how long there was no good
/// answer.
final class HonestClient: Sendable {
  struct Tally: CustomStringConvertible {
    var answers = 0
    var failures = 0
    /// From the end of one good answer to the end of the next.
    var longest = Duration.zero

    var description: String {
      let milliseconds = longest / .milliseconds(1)
      return "\(answers) answers, \(failures) failures, at most \(Int(milliseconds)) ms without one"
    }
  }

  private let tally = Mutex(Tally())
  private let isOver = Atomic(false)
  private let end = DispatchSemaphore(value: 0)

  /// - Parameter ask: asks once; whether the answer is what it should be.
  init(_ ask: @escaping @Sendable () throws -> Bool) {
    Thread { [self] in
      var last = ContinuousClock.now
      while true {
        // So that even the last wait is counted to its end.
        let wasOver = isOver.load(ordering: .sequentiallyConsistent)
        let isGood = (try? ask()) ?? false
        let now = ContinuousClock.now
        tally.withLock { [last] tally in
          if isGood { tally.answers += 1 } else { tally.failures += 1 }
          tally.longest = max(tally.longest, now - last)
        }
        if isGood { last = now }
        if wasOver, isGood || now - last > .seconds(20) { break }
        usleep(2_000)
      }
      end.signal()
    }.start()
  }

  /// Waits for one more good answer.
  func stop() -> Tally {
    isOver.store(true, ordering: .sequentiallyConsistent)
    end.wait()
    return tally.withLock { $0 }
  }
}
