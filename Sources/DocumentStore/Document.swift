public import FoundationEssentials

/// A value that is kept as one JSON document of at most `DocumentCoder.sizeLimit` bytes.
public protocol Document: Codable, Equatable, Sendable {
  /// Names the documents of this kind: a lower-case word, such as `users`.
  static var collection: String { get }

  /// When nothing in it counts any longer. An engine that has a clock of its own may drop it then;
  /// others leave it to `sweep`. Unless a type knows more, never.
  var expiry: Date? { get }

  /// Whether a new one may take of the room that an engine keeps in reserve: only where there is a
  /// bounded number of them, and what needs them has to go on. Unless a type says so, it may not.
  static var mayUseReserve: Bool { get }
}

extension Document {
  public var expiry: Date? { nil }
  /// Whether nothing in it counts any longer, so that an engine may have dropped it.
  public func hasExpired(at time: Date) -> Bool { expiry.map { $0 <= time } ?? false }
  public static var mayUseReserve: Bool { false }
}

/// The rules for the keys of documents, in every engine.
public enum DocumentKey {
  /// How many bytes of UTF-8 a key may have. They may be any: `/`, NUL and upper case too, and keys
  /// of different bytes are different keys, also where Swift holds the strings for equal.
  public static let lengths = 1...64

  /// For engines: to be called first in `read` and in `update`.
  /// - Throws: `DocumentStoreError.invalidKey`
  public static func validate(_ key: String) throws(DocumentStoreError) {
    guard lengths.contains(key.utf8.count) else { throw .invalidKey }
  }
}
