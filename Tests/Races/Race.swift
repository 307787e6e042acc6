import Foundation
import Synchronization
import TestSupport

/// Sixteen clients at once, and somebody who does harm, such as killing workers.
struct Race {
  let users: [KnownUser]
  /// Of each host, the socket of its service. The clients of each user are on all of them.
  let socketPaths: [String]
  let seed: UInt64
  let grace: Microseconds
  /// How long after its connection has ended a request may still be carried out: on another machine
  /// than the process that was killed.
  var delay: Microseconds = 0
  /// Does some harm; returns whether it did.
  let harm: (_ random: inout SeededGenerator) throws -> Bool
  /// How long it lasts at least.
  let duration: Duration
  /// How many operations it lasts for at least.
  let operations: Int

  private static let clients = 16

  /// Of `POSTERN_TEST_SEED`, or else a new one, which is printed.
  static func seed() -> UInt64 {
    let given = ProcessInfo.processInfo.environment["POSTERN_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 0..<1_000_000_000)
    print("seed \(seed)")
    return seed
  }

  struct Result: Sendable {
    let names: Names
    /// Of each user, in the order of the starts.
    var histories: [[Operation]]
    /// How often harm was done.
    var harms: Int

    func count(_ isMeant: (Answer) -> Bool) -> Int {
      histories.joined().count { isMeant($0.answer) }
    }

    /// Answers that gave a token which another answer gave too.
    var replays: Int {
      let tokens = histories.joined().compactMap { operation in
        if case .token(_, let token) = operation.answer { token } else { nil }
      }
      return tokens.count - Set(tokens).count
    }

    var operations: Int { histories.joined().count }

    /// Answers that gave a token.
    var given: Int { count { if case .token = $0 { true } else { false } } }

    var summary: String {
      "\(operations) operations checked, harm done \(harms) times, "
        + "\(count { $0 == .unknown }) unknown outcomes, \(given) times a token was given, "
        + "\(replays) times the same again, \(count { $0 == .tokenWrong || $0 == .noSession }) "
        + "times refused"
    }
  }

  /// What the threads share.
  private final class Shared: Sendable {
    let done = Atomic(0)
    let harms = Atomic(0)
    let histories: Mutex<[[Operation]]>
    let failures = Mutex<[String]>([])
    let threads = DispatchGroup()

    init(users: Int) {
      histories = Mutex(Array(repeating: [], count: users))
    }

    func keep(_ own: [[Operation]]) {
      histories.withLock { all in
        for (user, history) in own.enumerated() { all[user] += history }
      }
    }

    /// Runs `body` on a thread of its own and keeps what it throws.
    func start(_ body: @escaping @Sendable () throws -> Void) {
      threads.enter()
      Thread.detachNewThread {
        do { try body() } catch { self.failures.withLock { $0.append("\(error)") } }
        self.threads.leave()
      }
    }
  }

  struct Failed: Error {
    let causes: [String]
  }

  func run() throws -> Result {
    let names = Names()
    let shared = Shared(users: users.count)
    let (users, grace, seed, delay, socketPaths) = (users, grace, seed, delay, socketPaths)
    let deadline = ContinuousClock.now + duration
    let leastOperations = operations
    for number in 0..<Self.clients {
      shared.start {
        let client = RaceClient(
          number: number, users: users, names: names,
          socketPath: socketPaths[number / users.count % socketPaths.count], grace: grace,
          delay: delay, seed: seed)
        while ContinuousClock.now < deadline
          || shared.done.load(ordering: .relaxed) < leastOperations
        {
          let before = client.operations
          try client.actOnce()
          shared.done.add(client.operations - before, ordering: .relaxed)
        }
        shared.keep(client.histories)
      }
    }
    try doHarm(until: shared)

    let last = RaceClient(
      number: Self.clients, users: users, names: names, socketPath: socketPaths[0], grace: grace,
      delay: delay, seed: seed)
    try last.closeBooks()
    shared.keep(last.histories)
    let failures = shared.failures.withLock { $0 }
    guard failures.isEmpty else { throw Failed(causes: failures) }
    return Result(
      names: names,
      histories: shared.histories.withLock { $0.map { $0.sorted { $0.start < $1.start } } },
      harms: shared.harms.load(ordering: .relaxed))
  }

  /// Every 100 to 300 ms, until all clients are done.
  private func doHarm(until shared: Shared) throws {
    var random = SeededGenerator(seed: ~seed)
    while true {
      let pause = Int.random(in: 100...300, using: &random)
      guard shared.threads.wait(timeout: .now() + .milliseconds(pause)) == .timedOut else { return }
      if try harm(&random) { shared.harms.add(1, ordering: .relaxed) }
    }
  }
}
