import DocumentStore
import Synchronization

/// A store that counts how often it is asked.
final class CountingStore: DocumentStore {
  private let store: any DocumentStore
  private let count = Mutex(0)

  init(_ store: any DocumentStore) {
    self.store = store
  }

  var accesses: Int { count.withLock { $0 } }

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    count.withLock { $0 += 1 }
    return try store.read(type, key)
  }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    count.withLock { $0 += 1 }
    return try store.update(type, key, change)
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] {
    count.withLock { $0 += 1 }
    return try store.keys(of: type)
  }
}
