public import DocumentStore
public import FoundationEssentials
import Synchronization

/// Documents in the memory of this process, for tests.
///
/// They are written to JSON and read back, so what a test reads is what a service would read. Nothing
/// expires.
public final class MemoryDocumentStore: VersionedDocumentStore {
  private struct Name: Hashable {
    let collection: String
    /// Bytes: Swift holds some keys for equal that are not.
    let key: [UInt8]

    init(_ collection: String, _ key: String) {
      self.collection = collection
      self.key = Array(key.utf8)
    }
  }

  private let documents = Mutex<[Name: StoredDocument]>([:])
  public let repeatsChanges: Bool
  public let timeout: Duration

  /// - Parameters:
  ///   - repeatsChanges: runs each change twice on the same document and keeps what the second run
  ///     leaves, so that a change with side effects fails its test.
  ///   - timeout: how long `update` tries, while others always come first, before it throws `busy`.
  public init(repeatsChanges: Bool = false, timeout: Duration = .seconds(30)) {
    self.repeatsChanges = repeatsChanges
    self.timeout = timeout
  }

  public func stored(_ collection: String, _ key: String) -> StoredDocument? {
    documents.withLock { $0[Name(collection, key)] }
  }

  public func replace(
    _ collection: String, _ key: String, with new: StoredDocument?, expiresAt: Date?,
    insteadOf old: String?
  ) -> Bool {
    let name = Name(collection, key)
    return documents.withLock { documents in
      guard documents[name]?.version == old else { return false }
      documents[name] = new
      return true
    }
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    documents.withLock { documents in
      documents.keys.filter { $0.collection == type.collection }
        .map { String(decoding: $0.key, as: UTF8.self) }
    }
  }
}
