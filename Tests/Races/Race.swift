import Foundation
import Glibc
import Synchronization
import TestSupport

/// Sixteen clients at once, and somebody who kills workers.
struct Race {
  let users: [KnownUser]
  let postern: PosternProcess
  let seed: UInt64
  let grace: Microseconds
  /// How long it lasts at least.
  let duration: Duration
  /// How many operations it lasts for at least.
  let operations: Int

  private static let clients = 16

  struct Result: Sendable {
    let names: Names
    /// Of each user, in the order of the starts.
    var histories: [[Operation]]
    var kills: Int

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
      "\(operations) operations checked, \(kills) workers killed, "
        + "\(count { $0 == .unknown }) unknown outcomes, \(given) times a token was given, "
        + "\(replays) times the same again, \(count { $0 == .tokenWrong || $0 == .noSession }) "
        + "times refused"
    }
  }

  /// What the threads share.
  private final class Shared: Sendable {
    let done = Atomic(0)
    let kills = Atomic(0)
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
    let (users, grace, seed, socketPath) = (users, grace, seed, postern.socketPath)
    let deadline = ContinuousClock.now + duration
    let leastOperations = operations
    for number in 0..<Self.clients {
      shared.start {
        let client = RaceClient(
          number: number, users: users, names: names, socketPath: socketPath, grace: grace,
          seed: seed)
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
    killWorkers(until: shared)

    let last = RaceClient(
      number: Self.clients, users: users, names: names, socketPath: socketPath, grace: grace,
      seed: seed)
    try last.closeBooks()
    shared.keep(last.histories)
    let failures = shared.failures.withLock { $0 }
    guard failures.isEmpty else { throw Failed(causes: failures) }
    return Result(
      names: names,
      histories: shared.histories.withLock { $0.map { $0.sorted { $0.start < $1.start } } },
      kills: shared.kills.load(ordering: .relaxed))
  }

  /// Every 100 to 300 ms one of them, whichever, by SIGKILL, until all clients are done.
  private func killWorkers(until shared: Shared) {
    var random = SeededGenerator(seed: ~seed)
    while true {
      let pause = Int.random(in: 100...300, using: &random)
      guard shared.threads.wait(timeout: .now() + .milliseconds(pause)) == .timedOut else { return }
      guard let worker = postern.workers.randomElement(using: &random) else { continue }
      if kill(worker, SIGKILL) == 0 { shared.kills.add(1, ordering: .relaxed) }
    }
  }
}
