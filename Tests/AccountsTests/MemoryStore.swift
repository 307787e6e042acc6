import DocumentStore
import Foundation

/// A store for tests of what is decided and not of how it is kept.
///
/// `@unchecked Sendable`: `documents` is read and changed under the lock alone.
final class MemoryStore: DocumentStore, @unchecked Sendable {
  private let lock = NSLock()
  private var documents: [String: any Document] = [:]

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    lock.withLock { documents["\(type.collection)/\(key)"] as? D }
  }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    lock.lock()
    defer { lock.unlock() }
    var document = documents["\(type.collection)/\(key)"] as? D
    let result = try change(&document)
    documents["\(type.collection)/\(key)"] = document
    return result
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] {
    lock.withLock {
      documents.keys.filter { $0.hasPrefix("\(type.collection)/") }
        .map { String($0.dropFirst(type.collection.count + 1)) }
    }
  }
}
