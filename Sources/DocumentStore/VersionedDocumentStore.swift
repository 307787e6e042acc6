public import FoundationEssentials

/// An engine that replaces a document only where it is still the version that was read.
///
/// Its author implements these three operations and `keys`. `read` and `update` are made of them:
/// an update runs its change again where another came first.
public protocol VersionedDocumentStore: DocumentStore {
  /// How long `update` tries, while others always come first, before it throws `busy`.
  var timeout: Duration { get }

  /// For tests: whether each change runs twice on the same document, so that one with side effects
  /// is found out.
  var repeatsChanges: Bool { get }

  /// The document as it is stored, or `nil` if there is none.
  func stored(_ collection: String, _ key: String) throws -> StoredDocument?

  /// Makes the document what it shall be, durably, if it is still the one that was read.
  ///
  /// - Parameters:
  ///   - new: `nil` removes it.
  ///   - old: the version that was read; `nil` where there was no document.
  ///   - expiresAt: when the engine may drop it, if its document says so.
  /// - Returns: whether it was still the old one. Where that cannot be known, it throws
  ///   `DocumentStoreError.unavailable`.
  func replace(
    _ collection: String, _ key: String, with new: StoredDocument?, expiresAt: Date?,
    insteadOf old: String?
  ) throws -> Bool

  /// Waits until what was read of the document is as durable as what `replace` wrote: who wrote it
  /// may have died before it was. Unless an engine knows more, everything that can be read is.
  func makeDurable(_ collection: String, _ key: String, _ read: StoredDocument?) throws
}

/// A document's bytes, and the version that tells this writing from all others.
public struct StoredDocument: Equatable, Sendable {
  public let bytes: [UInt8]
  /// Random, so that a document that was removed and made again has another one.
  public let version: String

  public init(bytes: [UInt8], version: String) {
    self.bytes = bytes
    self.version = version
  }
}

extension VersionedDocumentStore {
  public func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    try DocumentKey.validate(key)
    return try document(stored(type.collection, key), as: type, key)
  }

  public func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    try DocumentKey.validate(key)
    return try UpdateScope.run(type) {
      let deadline = ContinuousClock.now + timeout
      repeat {
        let stored = try stored(type.collection, key)
        let old = try document(stored, as: type, key)
        if repeatsChanges {
          var first = old
          _ = try change(&first)
        }
        var new = old
        let result = try change(&new)
        if new == old {
          try makeDurable(type.collection, key, stored)
          return result
        }
        let written = try new.map {
          StoredDocument(bytes: try DocumentCoder.encode($0, key: key), version: newVersion())
        }
        let isReplaced = try replace(
          type.collection, key, with: written, expiresAt: new?.expiry,
          insteadOf: stored?.version)
        if isReplaced { return result }
      } while ContinuousClock.now < deadline
      throw DocumentStoreError.busy(
        reason: "\(type.collection)/\(key): others came first again and again")
    }
  }

  public var repeatsChanges: Bool { false }

  public func makeDurable(_: String, _: String, _: StoredDocument?) throws {}

  private func document<D: Document>(
    _ stored: StoredDocument?, as type: D.Type, _ key: String
  ) throws -> D? {
    guard let stored else { return nil }
    guard let document = try? DocumentCoder.decode(type, from: stored.bytes) else {
      throw DocumentStoreError.damaged(
        reason: "\(type.collection)/\(key): not a document of \(type.collection)")
    }
    return document
  }

  private func newVersion() -> String {
    String(UInt64.random(in: 0...UInt64.max), radix: 36)
  }
}
