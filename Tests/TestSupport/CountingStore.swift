public import DocumentStore
import Synchronization

/// A store that counts how often it is asked, and how often it has to make something durable.
public final class CountingStore: DocumentStore {
  private let store: any DocumentStore
  private let counts = Mutex((accesses: 0, updates: 0))

  public init(_ store: any DocumentStore) {
    self.store = store
  }

  public var accesses: Int { counts.withLock { $0.accesses } }
  public var updates: Int { counts.withLock { $0.updates } }

  public func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    counts.withLock { $0.accesses += 1 }
    return try store.read(type, key)
  }

  public func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    counts.withLock { ($0.accesses, $0.updates) = ($0.accesses + 1, $0.updates + 1) }
    return try store.update(type, key, change)
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    counts.withLock { $0.accesses += 1 }
    return try store.keys(of: type)
  }
}
