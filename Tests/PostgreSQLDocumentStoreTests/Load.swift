import DocumentStore
import Foundation
import PostgreSQLDocumentStore
import Synchronization
import TestSupport
import XCTest

/// Appends numbers to documents from many threads until it is stopped, and knows what became of each.
final class Load: Sendable {
  struct Append: Sendable {
    let number: Int
    let key: String
    let began: ContinuousClock.Instant
    let ended: ContinuousClock.Instant
    /// Otherwise nobody knows.
    let isAcknowledged: Bool
  }

  private let appends = Mutex<[Append]>([])
  private let isStopped = Mutex(false)
  private let group = DispatchGroup()
  let keys: [String]

  /// - Parameter stores: each has as many threads as there are keys.
  init(on stores: [PostgreSQLDocumentStore], keys: Int) {
    self.keys = (0..<keys).map { "user-\($0)" }
    for (index, store) in stores.enumerated() {
      for (thread, key) in self.keys.enumerated() {
        group.enter()
        Thread.detachNewThread { [self] in
          var number = (index * keys + thread) * 1_000_000
          while !isStopped.withLock({ $0 }) {
            number += 1
            append(number, to: key, in: store)
          }
          group.leave()
        }
      }
    }
  }

  private func append(_ number: Int, to key: String, in store: PostgreSQLDocumentStore) {
    let began = ContinuousClock.now
    let isAcknowledged = (try? store.append(number, to: key)) != nil
    let append = Append(
      number: number, key: key, began: began, ended: .now, isAcknowledged: isAcknowledged)
    appends.withLock { $0.append(append) }
    // As clients do that get 503.
    if !isAcknowledged { usleep(20_000) }
  }

  /// How many were acknowledged that began after this time.
  func acknowledged(since time: ContinuousClock.Instant) -> Int {
    appends.withLock { $0.count { $0.isAcknowledged && $0.began > time } }
  }

  func wait(
    for count: Int, since time: ContinuousClock.Instant, file: StaticString = #filePath,
    line: UInt = #line
  ) {
    let deadline = ContinuousClock.now + .seconds(60)
    while acknowledged(since: time) < count {
      guard ContinuousClock.now < deadline else {
        return XCTFail("not served within a minute", file: file, line: line)
      }
      usleep(5_000)
    }
  }

  /// How long after `time` the first one was acknowledged that began after it.
  func seconds(from time: ContinuousClock.Instant) -> Double? {
    appends.withLock { $0.filter { $0.isAcknowledged && $0.began > time }.map(\.ended).min() }
      .map { ($0 - time) / .seconds(1) }
  }

  struct Outcome: CustomStringConvertible {
    var acknowledged = 0
    var failed = 0
    /// Acknowledged and not there.
    var lost = 0
    /// There more than once.
    var doubled = 0
    /// Acknowledged before another began, and there after it; or there and asked for by nobody.
    var disordered = 0

    var description: String {
      """
      acknowledged \(acknowledged), failed \(failed), lost \(lost), doubled \(doubled), \
      disordered \(disordered)
      """
    }
  }

  /// Stops it, and compares what it was told with what is there. A list that is only appended to is
  /// linearizable where each acknowledged number is in it once, each other at most once, and none
  /// before one that was acknowledged before it was asked for.
  func stop(_ store: PostgreSQLDocumentStore) throws -> Outcome {
    isStopped.withLock { $0 = true }
    group.wait()
    let all = appends.withLock { $0 }
    var outcome = Outcome()
    outcome.acknowledged = all.count { $0.isAcknowledged }
    outcome.failed = all.count - outcome.acknowledged
    for key in keys {
      let numbers = try store.numbers(key) ?? []
      let places = Dictionary(
        zip(numbers, numbers.indices), uniquingKeysWith: { first, _ in first })
      let own = all.filter { $0.key == key }
      let byNumber = Dictionary(uniqueKeysWithValues: own.map { ($0.number, $0) })
      outcome.doubled += numbers.count - places.count
      outcome.lost += own.count { $0.isAcknowledged && places[$0.number] == nil }
      // Going back, each began before the earliest end of those that come after it.
      var earliestEnd: ContinuousClock.Instant?
      for number in numbers.reversed() {
        guard let append = byNumber[number] else {
          outcome.disordered += 1
          continue
        }
        if let earliestEnd, append.began > earliestEnd { outcome.disordered += 1 }
        if append.isAcknowledged { earliestEnd = min(earliestEnd ?? append.ended, append.ended) }
      }
    }
    return outcome
  }
}
