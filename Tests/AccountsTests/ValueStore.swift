import DocumentStore
import Synchronization

/// Keeps documents as they are, without JSON, for tests of very many updates on one thread.
final class ValueStore: DocumentStore {
  private let documents = Mutex<[String: any Document]>([:])

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    documents.withLock { $0["\(type.collection)/\(key)"] as? D }
  }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    var document = try read(type, key)
    let result = try change(&document)
    documents.withLock { $0["\(type.collection)/\(key)"] = document }
    return result
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] {
    let start = "\(type.collection)/"
    return documents.withLock { documents in
      documents.keys.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
    }
  }
}
