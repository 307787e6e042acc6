import Foundation
import RedisDocumentStore
import Synchronization

/// Threads that append numbers to documents, as refreshes rotate tokens, and what became of each.
final class Load: Sendable {
  struct Try {
    let key: String
    let number: Int
    let begin: ContinuousClock.Instant
    let end: ContinuousClock.Instant
    let isAcknowledged: Bool
  }

  /// What is left in the end.
  struct Result: CustomStringConvertible {
    var acknowledged = 0
    var failed = 0
    /// Acknowledged, and not there.
    var lost = 0
    /// There more than once.
    var doubled = 0
    /// Failed, and there: nobody was told.
    var unknown = 0

    var description: String {
      "acknowledged \(acknowledged) | lost \(lost) | failed \(failed), \(unknown) of them kept"
    }
  }

  static let keys = (0..<60).map { "user-\($0)" }

  private let tries = Mutex<[Try]>([])
  private let failures = Mutex<[String: Int]>([:])
  private let isOver = Atomic(false)
  private let group = DispatchGroup()

  /// - Parameter stores: each as that of a process of its own.
  init(_ stores: [RedisDocumentStore], threads: Int = 8, pause: UInt32 = 3_000) {
    for thread in 0..<threads {
      group.enter()
      Thread.detachNewThread { [self] in
        let store = stores[thread % stores.count]
        var number = thread * 1_000_000
        while !isOver.load(ordering: .relaxed) {
          number += 1
          append(number, to: Self.keys[(number * 7 + thread) % Self.keys.count], of: store)
          usleep(pause)
        }
        group.leave()
      }
    }
  }

  private func append(_ number: Int, to key: String, of store: RedisDocumentStore) {
    let begin = ContinuousClock.now
    var isAcknowledged = false
    do {
      try store.append(number, to: key)
      isAcknowledged = true
    } catch {
      failures.withLock { $0["\(error)", default: 0] += 1 }
    }
    let done = Try(
      key: key, number: number, begin: begin, end: .now, isAcknowledged: isAcknowledged)
    tries.withLock { $0.append(done) }
  }

  func stop() {
    isOver.store(true, ordering: .relaxed)
    group.wait()
  }

  /// Why updates failed, the most frequent first.
  var reasons: String {
    failures.withLock { $0 }.sorted { $0.value > $1.value }.prefix(6)
      .map { "  \($0.value) × \($0.key)" }.joined(separator: "\n")
  }

  /// Whether an update that began after `time` was acknowledged.
  func isServed(after time: ContinuousClock.Instant, _ keys: Set<String>) -> Bool {
    tries.withLock { tries in
      tries.contains { $0.isAcknowledged && $0.begin > time && keys.contains($0.key) }
    }
  }

  /// The longest time after `time` without an acknowledged update of one of these documents, in
  /// seconds.
  func longestGap(after time: ContinuousClock.Instant, _ keys: Set<String>) -> Double {
    let ends = tries.withLock { tries in
      tries.filter { $0.isAcknowledged && $0.end > time && keys.contains($0.key) }.map(\.end)
    }.sorted()
    return zip([time] + ends, ends).map { ($1 - $0) / .seconds(1) }.max() ?? .infinity
  }

  func failed(_ keys: Set<String>, after time: ContinuousClock.Instant) -> Int {
    tries.withLock { tries in
      tries.count(where: { !$0.isAcknowledged && $0.begin > time && keys.contains($0.key) })
    }
  }

  /// Compares what was acknowledged with what is there; after `stop`.
  func result(_ store: RedisDocumentStore) throws -> Result {
    var kept: [String: [Int]] = [:]
    for key in Self.keys { kept[key] = try store.numbers(key) ?? [] }
    let there = Set(kept.values.joined())
    return tries.withLock { tries in
      var result = Result()
      for one in tries {
        if one.isAcknowledged {
          result.acknowledged += 1
          if !there.contains(one.number) { result.lost += 1 }
        } else {
          result.failed += 1
          if there.contains(one.number) { result.unknown += 1 }
        }
      }
      result.doubled = kept.values.reduce(0) { $0 + $1.count - Set($1).count }
      return result
    }
  }
}
