public import DocumentStore
import Synchronization

/// Documents in the memory of this process, for tests.
///
/// They are written to JSON and read back, so what a test reads is what a service would read. Changes are compared and set: a change runs again where another came first.
public final class MemoryDocumentStore: DocumentStore {
  private struct Name: Hashable {
    let collection: String
    /// Bytes: Swift holds some keys for equal that are not.
    let key: [UInt8]

    init<D: Document>(_ type: D.Type, _ key: String) throws(DocumentStoreError) {
      try DocumentKey.validate(key)
      self.collection = type.collection
      self.key = Array(key.utf8)
    }
  }

  /// Bytes, and the document that was read back from them.
  private struct Stored {
    let bytes: [UInt8]
    let document: any Document
    /// Tells this writing from all others.
    let version: Int
  }

  private struct Contents {
    var stored: [Name: Stored] = [:]
    var version = 0
  }

  private let contents = Mutex(Contents())
  private let repeatsChanges: Bool
  private let timeout: Duration

  /// - Parameters:
  ///   - repeatsChanges: runs each change twice on the same document and keeps what the second run
  ///     leaves, so that a change with side effects fails its test.
  ///   - timeout: how long `update` tries, while others always come first, before it throws `busy`.
  public init(repeatsChanges: Bool = false, timeout: Duration = .seconds(30)) {
    self.repeatsChanges = repeatsChanges
    self.timeout = timeout
  }

  public func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    let name = try Name(type, key)
    return try document(contents.withLock { $0.stored[name] }, as: type, key)
  }

  public func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    let name = try Name(type, key)
    return try UpdateScope.run(type) {
      let deadline = ContinuousClock.now + timeout
      repeat {
        let stored = contents.withLock { $0.stored[name] }
        let old = try document(stored, as: type, key)
        if repeatsChanges {
          var first = old
          _ = try change(&first)
        }
        var new = old
        let result = try change(&new)
        if try new == old || set(name, to: new, key, insteadOf: stored) { return result }
      } while ContinuousClock.now < deadline
      throw DocumentStoreError.busy(
        reason: "\(type.collection)/\(key): others came first again and again")
    }
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    contents.withLock { contents in
      contents.stored.keys.filter { $0.collection == type.collection }
        .map { String(decoding: $0.key, as: UTF8.self) }
    }
  }

  /// Returns whether the document was still the old one.
  private func set<D: Document>(
    _ name: Name, to new: D?, _ key: String, insteadOf old: Stored?
  ) throws -> Bool {
    let written = try new.map { document in
      let bytes = try DocumentCoder.encode(document, key: key)
      return (bytes, try DocumentCoder.decode(D.self, from: bytes))
    }
    return contents.withLock { contents in
      guard contents.stored[name]?.version == old?.version else { return false }
      contents.version += 1
      contents.stored[name] = written.map {
        Stored(bytes: $0.0, document: $0.1, version: contents.version)
      }
      return true
    }
  }

  private func document<D: Document>(
    _ stored: Stored?, as type: D.Type, _ key: String
  ) throws -> D? {
    guard let stored else { return nil }
    if let document = stored.document as? D { return document }
    guard let document = try? DocumentCoder.decode(type, from: stored.bytes) else {
      throw DocumentStoreError.damaged(
        reason: "\(type.collection)/\(key): not a document of \(type.collection)")
    }
    return document
  }
}
