import DocumentStore
import FoundationEssentials
import Glibc
import Synchronization

/// As large as the sessions of a user with three devices.
struct Ledger: Document {
  static let collection = "ledgers"
  var count = 0
  var text = longText
  var endsAt = Date(timeIntervalSince1970: 4_000_000_000)

  var expiry: Date? { endsAt }

  private static let longText = String(repeating: "x", count: 1450)
}

/// Changes of 1000 users' documents.
final class Changes: Sendable {
  private struct State {
    var times: [Double] = []
    var failure: (any Error)?
    var running = 0
  }

  private let store: any DocumentStore
  private let state = Mutex(State())

  init(of store: any DocumentStore) { self.store = store }

  /// - Returns: how long each took, in milliseconds.
  func times(threads: Int, seconds: Double) throws -> [Double] {
    let deadline = ContinuousClock.now + .seconds(seconds)
    state.withLock { $0.running = threads }
    for _ in 0..<threads {
      let work = Unmanaged.passRetained(Work { self.change(until: deadline) })
      var thread = pthread_t()
      pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
          return nil
        }, work.toOpaque())
      pthread_detach(thread)
    }
    while state.withLock({ $0.running }) > 0 { usleep(1000) }
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.times
    }
  }

  private func change(until deadline: ContinuousClock.Instant) {
    var times: [Double] = []
    var failure: (any Error)?
    do {
      while ContinuousClock.now < deadline {
        let key = "\(Int.random(in: 0..<1000))"
        let time = try ContinuousClock().measure {
          try store.update(Ledger.self, key) { $0 = Ledger(count: ($0?.count ?? 0) + 1) }
        }
        times.append(time / .milliseconds(1))
      }
    } catch let error {
      failure = error
    }
    state.withLock { [times, failure] state in
      state.times += times
      state.failure = state.failure ?? failure
      state.running -= 1
    }
  }
}

/// What a thread does.
private final class Work: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
