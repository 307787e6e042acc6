import DocumentStore
import Foundation
import RedisDocumentStore
import TestSupport
import XCTest

/// Connections that end between a change and its reply. The version of the document tells whether it
/// was made.
final class UnknownOutcomeTests: RedisTestCase {
  private func through(_ server: RedisServer) throws -> (RedisProxy, RedisDocumentStore) {
    let proxy = try RedisProxy(to: server.port)
    return (proxy, try store(proxy.url, commandTimeout: .seconds(3)))
  }

  func testG2_aChangeWhoseReplyWasLostIsMadeOnce() throws {
    let (proxy, store) = try through(start())
    try store.append(1, to: "a")
    for number in 2...6 {
      proxy.meet(.losesReply)
      try store.append(number, to: "a")
    }
    proxy.meet(.losesReply)
    try store.append(7, to: "new")
    XCTAssertEqual(proxy.caught, 6)
    XCTAssertEqual(try store.numbers("a"), Array(1...6))
    XCTAssertEqual(try store.numbers("new"), [7])
  }

  func testG2_aChangeThatWasLostIsMadeAfterAll() throws {
    let (proxy, store) = try through(start())
    try store.append(1, to: "a")
    for number in 2...5 {
      proxy.meet(.losesCommand)
      try store.append(number, to: "a")
    }
    XCTAssertEqual(proxy.caught, 4)
    XCTAssertEqual(try store.numbers("a"), Array(1...5))
  }

  /// Made by a second attempt, and removed after that, it would be brought back by the first.
  func testG2_V4_aCreationThatMayBeLateIsNotMadeByASecondAttempt() throws {
    let server = try start()
    let proxy = try RedisProxy(to: server.port)
    let store = try store(proxy.url, commandTimeout: .milliseconds(400))
    // So that the server knows the script.
    try store.append(0, to: "b")
    proxy.meet(.delaysCommand(1_500_000))
    assertUnavailable { try store.append(1, to: "a") }
    let other = try patientStore(server.url)
    XCTAssertNil(try other.numbers("a"))
    try waitUntil("the late one is carried out", within: 30) { try other.numbers("a") == [1] }
    XCTAssertEqual(proxy.caught, 1)
  }

  /// Nobody can tell whether the document was there until this removed it.
  func testG2_aRemovalWhoseReplyWasLostIsUnknown() throws {
    let (proxy, store) = try through(start())
    try store.append(1, to: "a")
    proxy.meet(.losesReply)
    assertUnavailable { try store.update(Ledger.self, "a") { $0 = nil } }
    XCTAssertNil(try store.numbers("a"))
  }

  func testG2_aChangeThatIsLateIsMadeOnce() throws {
    let server = try start()
    let proxy = try RedisProxy(to: server.port)
    let store = try store(proxy.url, commandTimeout: .milliseconds(400))
    try store.append(1, to: "a")
    proxy.meet(.delaysCommand(1_500_000))
    try store.append(2, to: "a")
    try store.append(3, to: "a")
    usleep(2_000_000)
    XCTAssertEqual(try store.numbers("a"), [1, 2, 3])
    XCTAssertEqual(proxy.caught, 1)
  }

  /// Another has changed the document meanwhile: whether this change came before it, nobody knows.
  func testG2_aChangeThatOthersCameAfterIsUnknownAndNotMadeAgain() throws {
    let server = try start()
    let (proxy, store) = try through(server)
    let other = try patientStore(server.url)
    try store.append(1, to: "a")
    var runs = 0
    proxy.meet(.losesCommand)
    assertUnavailable {
      try store.update(Ledger.self, "a") { ledger in
        runs += 1
        ledger?.numbers.append(2)
        // As another host would, in the time between reading and writing.
        if runs == 1 { onThreads(1) { _ in try? other.append(3, to: "a") } }
      }
    }
    XCTAssertEqual(runs, 1)
    XCTAssertEqual(try store.numbers("a"), [1, 3])
  }

  /// `CLIENT KILL` again and again, while threads of two processes change the same documents.
  func testG2_E16_V3_connectionsThatAreKilledLoseNothingAndDoubleNothing() throws {
    let server = try start()
    let load = Load(
      [try store(server.url, commandTimeout: .seconds(5)), try patientStore(server.url)], pause: 200
    )
    for _ in 0..<150 {
      try server.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
      usleep(10_000)
    }
    load.stop()
    let result = try load.result(try patientStore(server.url))
    print("CLIENT KILL, 150 times: \(result)\n\(load.reasons)")
    XCTAssertGreaterThan(result.acknowledged, 100)
    XCTAssertEqual(result.lost, 0)
    XCTAssertEqual(result.doubled, 0)
  }

  /// Counting is linearizable where each count is given once, and a later one is higher.
  func testG10_E16_countsOfManyClientsAreLinearizableThoughTheServerIsKilled() throws {
    let server = try start()
    let stores = [try store(server.url), try store(server.url)]
    let counts = Counts()
    let group = DispatchGroup()
    for thread in 0..<16 {
      group.enter()
      Thread.detachNewThread {
        for _ in 0..<120 {
          let begin = ContinuousClock.now
          do {
            let number = try stores[thread % 2].update(Ledger.self, "a") { ledger in
              var changed = ledger ?? Ledger()
              changed.numbers = [(changed.numbers.first ?? 0) + 1]
              ledger = changed
              return changed.numbers[0]
            }
            counts.append(number, begin, .now)
          } catch {
            counts.fail()
            usleep(50_000)
          }
        }
        group.leave()
      }
    }
    for _ in 0..<3 {
      usleep(700_000)
      server.kill()
      try server.start()
    }
    group.wait()
    let (made, failed) = counts.all
    XCTAssertGreaterThan(made.count, 100)
    XCTAssertEqual(Set(made.map(\.number)).count, made.count, "a count was given twice")
    let last = try XCTUnwrap(try patientStore(server.url).numbers("a")?.first)
    print("counts, killed 3 times: acknowledged \(made.count), failed \(failed), counted \(last)")
    XCTAssertGreaterThanOrEqual(last, made.count)
    XCTAssertLessThanOrEqual(last, made.count + failed)
    // Of two, the one that began after the other's end is the higher.
    var highest = 0
    let ends = made.sorted { $0.end < $1.end }
    var next = ends.startIndex
    for one in made.sorted(by: { $0.begin < $1.begin }) {
      while next < ends.endIndex, ends[next].end < one.begin {
        highest = max(highest, ends[next].number)
        next += 1
      }
      XCTAssertGreaterThan(one.number, highest)
    }
  }
}

/// `@unchecked Sendable`: used under the lock alone.
private final class Counts: @unchecked Sendable {
  struct Made {
    let number: Int
    let begin: ContinuousClock.Instant
    let end: ContinuousClock.Instant
  }

  private let lock = NSLock()
  private var made: [Made] = []
  private var failed = 0

  func append(_ number: Int, _ begin: ContinuousClock.Instant, _ end: ContinuousClock.Instant) {
    lock.withLock { made.append(Made(number: number, begin: begin, end: end)) }
  }

  func fail() { lock.withLock { failed += 1 } }

  var all: (made: [Made], failed: Int) { lock.withLock { (made, failed) } }
}
