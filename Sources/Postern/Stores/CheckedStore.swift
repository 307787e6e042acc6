import DocumentStore
import Execution
import Synchronization

/// A store that is used only after a check of it has succeeded. Until then, each operation tries, and
/// throws `DocumentStoreError.unavailable` where it fails: so a service whose servers are down at its
/// start serves as soon as they are up, if they may be used.
struct CheckedStore: DocumentStore {
  private let store: any DocumentStore
  private let gate: Gate

  /// - Parameter check: throws where the store must not be used, or that cannot be told.
  init(_ store: any DocumentStore, check: @escaping @Sendable () throws -> Void) {
    self.store = store
    gate = Gate(check)
  }

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    try gate.pass()
    return try store.read(type, key)
  }

  func readAnew<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    try gate.pass()
    return try store.readAnew(type, key)
  }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    try gate.pass()
    return try store.update(type, key, change)
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] {
    try gate.pass()
    return try store.keys(of: type)
  }

  func requireRoom() throws {
    try gate.pass()
    try store.requireRoom()
  }

  func check<D: Document>(
    _ type: D.Type, _ body: (_ name: String, _ finding: DocumentFinding) -> Void
  ) {
    store.check(type, body)
  }

  func removeLeftovers<D: Document>(of type: D.Type) throws -> Int {
    try gate.pass()
    return try store.removeLeftovers(of: type)
  }
}

/// Opens for good when its check succeeds.
private final class Gate: Sendable {
  private struct Refusal {
    let reason: String
    let time: ContinuousClock.Instant
  }

  private let check: @Sendable () throws -> Void
  private let isOpen = Atomic(false)
  /// The last one. Locked while the check runs: all others wait for its outcome.
  private let refusal = Mutex<Refusal?>(nil)

  /// For so long the same refusal is given to all: a check may take as long as a timeout.
  private static let interval = Duration.seconds(1)

  init(_ check: @escaping @Sendable () throws -> Void) { self.check = check }

  func pass() throws {
    if isOpen.load(ordering: .acquiring) { return }
    try Blocking.run { try refusal.withLock { try tryToOpen(&$0) } }
  }

  private func tryToOpen(_ refusal: inout Refusal?) throws {
    if isOpen.load(ordering: .acquiring) { return }
    if let refusal, .now - refusal.time < Self.interval {
      throw DocumentStoreError.unavailable(reason: refusal.reason)
    }
    do {
      try check()
      isOpen.store(true, ordering: .releasing)
    } catch {
      refusal = Refusal(reason: "\(error)", time: .now)
      throw DocumentStoreError.unavailable(reason: "\(error)")
    }
  }
}
