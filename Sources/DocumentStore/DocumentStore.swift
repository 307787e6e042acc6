/// Keeps JSON documents, each under its collection and its key, for any number of threads and
/// processes at once. A type that conforms is an engine.
///
/// A key is 1 to 64 bytes of UTF-8 (`DocumentKey`). Every operation may throw
/// `DocumentStoreError`, and no other error but those of `change` and of the document's own coding.
///
/// The author of an engine implements the first three operations with `DocumentKey`,
/// `DocumentCoder` and `UpdateScope`, and runs `DocumentStoreConformance` in its tests.
public protocol DocumentStore: Sendable {
  /// The document as it was last written, or `nil` if there is none. Waits for no update: a
  /// document is replaced whole, never edited in place.
  ///
  /// It may be one that was kept in memory, where it is still the last that anybody wrote.
  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D?

  /// As `read`, with the same work whatever was read or written before: for callers whose work must
  /// not tell that. Where an engine keeps nothing in memory, it is `read`.
  func readAnew<D: Document>(_ type: D.Type, _ key: String) throws -> D?

  /// Changes one document while nobody else changes it, and returns what `change` returns.
  ///
  /// `change` sees the document as it is (`nil` if there is none) and leaves it as it shall be
  /// (`nil` removes it). When this returns, what is left is durable. When `change` throws or leaves
  /// the document as it was, nothing is written, and what it threw is thrown.
  ///
  /// Rules for `change`:
  /// - It may run more than once, each time on the document as it is then, and only the last run
  ///   counts: an engine may compare and set instead of locking. So it has no side effects; what
  ///   it finds out leaves by its result.
  /// - It may read documents of any collection.
  /// - It may update documents of other collections, if the same two collections are never nested
  ///   the other way round, and if that update does no harm when it is done twice, or when the
  ///   outer one is not kept.
  /// - An update of the same collection within it, whatever the key, is a mistake in the program
  ///   and throws `DocumentStoreError.nestedUpdate` at once.
  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R

  /// To be asked before anything that makes the store larger and can be refused, such as a sign-in.
  /// Costs next to nothing. Unless an engine knows more, there is always room.
  ///
  /// - Throws: `DocumentStoreError.full` where no more is left than what is needed for changes of the
  ///   documents that are there.
  func requireRoom() throws

  /// The keys of all documents of a kind, in no order, as far as they can be listed. For
  /// administration: its cost grows with the collection.
  func keys<D: Document>(of type: D.Type) throws -> [String]

  /// Looks at every document of a kind, tells of each what it is, and changes nothing. Unless an
  /// engine knows more, each document is read.
  ///
  /// - Parameter body: gets the name that the engine has for the document, or for the part of the
  ///   collection that it cannot list, and what that is.
  func check<D: Document>(
    _ type: D.Type, _ body: (_ name: String, _ finding: DocumentFinding) -> Void)

  /// Removes what killed writers of a kind of document left behind, and returns how much that was.
  /// Unless an engine knows more, there is none.
  func removeLeftovers<D: Document>(of type: D.Type) throws -> Int
}

/// What one thing in a collection turned out to be.
public enum DocumentFinding: Equatable, Sendable {
  case good
  /// What a writer that was killed left behind. Harmless: `removeLeftovers` takes it away.
  case leftover
  /// A document that cannot be read, or a part of the collection that cannot be listed, and why.
  case bad(fault: String)
}
