public import SystemCalls

/// Why the store could not do what it was asked.
///
/// The descriptions are for the log: they name files and causes, never what a document holds.
public enum DocumentStoreError: Error, Equatable, CustomStringConvertible {
  /// Somebody else held the document's lock for longer than one may wait. Trying again helps.
  case busy(path: String)
  /// The file at `path` is not a whole document of ours. It is left exactly as it is.
  case damaged(path: String, reason: String)
  /// A system call failed. What was there before is intact, unless `call` is `fsync`: then the
  /// document on disk may be the old one or the new one, whole in either case.
  case failed(SystemCallError, path: String)
  /// A key that is empty or longer than 64 bytes.
  case invalidKey

  public var description: String {
    switch self {
    case .busy(let path): "\(path): locked by another for too long"
    case .damaged(let path, let reason): "\(path): \(reason)"
    case .failed(let error, let path): "\(path): \(error)"
    case .invalidKey: "a key must be 1 to 64 bytes"
    }
  }
}
