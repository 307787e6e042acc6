import DocumentStore
import Foundation
import Synchronization

/// Documents in memory that can be put back to how they were, so that each input finds the same.
final class SnapshotStore: VersionedDocumentStore {
  private struct Name: Hashable {
    let collection: String
    let key: [UInt8]
  }

  private typealias Contents = [Name: StoredDocument]
  private let contents = Mutex<(now: Contents, kept: Contents)>(([:], [:]))

  let timeout = Duration.seconds(10)

  /// What there is now is what `restore` brings back.
  func keep() { contents.withLock { $0.kept = $0.now } }
  func restore() { contents.withLock { $0.now = $0.kept } }

  func stored(_ collection: String, _ key: String) throws -> StoredDocument? {
    contents.withLock { $0.now[Name(collection: collection, key: Array(key.utf8))] }
  }

  func replace(
    _ collection: String, _ key: String, with new: StoredDocument?, expiresAt: Date?,
    insteadOf old: String?
  ) throws -> Bool {
    contents.withLock { contents in
      let name = Name(collection: collection, key: Array(key.utf8))
      guard contents.now[name]?.version == old else { return false }
      contents.now[name] = new
      return true
    }
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] {
    contents.withLock { contents in
      contents.now.keys.filter { $0.collection == type.collection }
        .map { String(decoding: $0.key, as: UTF8.self) }
    }
  }
}
