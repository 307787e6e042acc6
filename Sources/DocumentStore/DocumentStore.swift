/// A value that is kept as one JSON document.
public protocol Document: Codable, Equatable, Sendable {
  /// Names the documents of this kind: a lower-case word, such as `users`.
  static var collection: String { get }
}

/// Keeps JSON documents, each under its collection and its key, for any number of threads and
/// processes at once.
///
/// A key is 1 to 64 bytes of UTF-8. Every operation may throw `DocumentStoreError`.
public protocol DocumentStore: Sendable {
  /// The document as it was last written, or `nil` if there is none. Waits for nobody: a document
  /// is replaced whole, never edited in place.
  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D?

  /// Changes one document while nobody else changes it, and returns what `change` returns.
  ///
  /// `change` sees the document as it is (`nil` if there is none) and leaves it as it shall be
  /// (`nil` removes it). When this returns, what is left is on disk for good. When `change` throws
  /// or leaves the document as it was, nothing is written.
  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R

  /// The keys of all documents of a kind, in no order, but for those in a folder that cannot be
  /// listed. For administration: its cost grows with the collection.
  func keys<D: Document>(of type: D.Type) throws -> [String]
}
