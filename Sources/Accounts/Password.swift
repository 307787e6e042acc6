/// A password as it is hashed: the bytes of its composed form (Unicode NFC), so that it is the
/// same from every keyboard. Never trimmed, never cut. Does not print.
public struct Password: Sendable, CustomStringConvertible, CustomReflectable {
  let bytes: [UInt8]

  public var description: String { "(password)" }
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Bytes that a password may have.
  public static let sizes = 1...1024

  /// `nil` for one that no user can have: empty, or too long.
  public init?(_ text: String) {
    guard Self.sizes ~= text.utf8.count else { return nil }
    let bytes = Array(composed(text).utf8)
    guard Self.sizes ~= bytes.count else { return nil }
    self.bytes = bytes
  }

  /// In Unicode code points.
  var length: Int { text.unicodeScalars.count }

  var text: String { String(decoding: bytes, as: UTF8.self) }
}
