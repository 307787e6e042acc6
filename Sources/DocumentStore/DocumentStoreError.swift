/// Why a store could not do what it was asked, whatever its engine.
///
/// The reasons are for the log: they say where and why in the engine's own terms, which may be paths
/// and system calls, and never what a document holds.
public enum DocumentStoreError: Error, Equatable, CustomStringConvertible {
  /// Others were changing the document for longer than one may wait. Trying again helps.
  case busy(reason: String)
  /// What is stored is not a whole document of this kind. It is left exactly as it is.
  case damaged(reason: String)
  /// The engine cannot do its work. After an update, the document is the old one or the new one,
  /// whole in either case.
  case unavailable(reason: String)
  /// No more room is left than what is kept for changes of the documents that are there. Nothing was
  /// written.
  case full(reason: String)
  /// A key that is empty or longer than 64 bytes.
  case invalidKey
  /// The document would have `size` bytes, more than `DocumentCoder.sizeLimit`. Nothing was written.
  case tooLarge(collection: String, key: String, size: Int)
  /// A mistake in the program: an update within an update of the same collection.
  case nestedUpdate(collection: String)

  public var description: String {
    switch self {
    case .busy(let reason), .damaged(let reason), .unavailable(let reason), .full(let reason):
      reason
    case .invalidKey: "a key must be 1 to 64 bytes"
    case .tooLarge(let collection, let key, let size):
      "\(collection)/\(key): \(size) bytes, and a document may have \(DocumentCoder.sizeLimit)"
    case .nestedUpdate(let collection):
      "a mistake in the program: an update of \(collection) within another"
    }
  }
}
