/// Text from outside, of which nothing is known.
///
/// `String` compares and hashes by canonical equivalence (UAX #15): it normalises both sides, which
/// costs the square of the length of a run of combining marks, and U+037E GREEK QUESTION MARK is
/// equal to `;`. So what a stranger sent is compared, hashed and taken apart as bytes, in time
/// proportional to its length, and becomes a `String` only where it is known to be short.
public struct ForeignText: Hashable, Sendable {
  /// UTF-8 as a rule; a header's value may be any bytes (RFC 9110 §5.5).
  public let bytes: [UInt8]

  public init(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
  }

  public init(_ text: some StringProtocol) {
    bytes = Array(text.utf8)
  }

  public var isEmpty: Bool { bytes.isEmpty }

  /// The text, if it has at most `limit` bytes and is UTF-8.
  public func string(limit: Int) -> String? {
    bytes.count <= limit ? String(validating: bytes, as: UTF8.self) : nil
  }

  /// One Unicode scalar for each byte (ISO 8859-1). None of these is a combining mark, and none but
  /// ASCII is equal to ASCII, so comparing such a string is as safe as comparing bytes.
  public var latin1: String {
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: bytes.lazy.map { UnicodeScalar($0) })
    return String(scalars)
  }

  /// The bytes that `latin1` was made of. A string with other scalars counts as UTF-8.
  public init(latin1 text: String) {
    if text.utf8.allSatisfy({ $0 < 0x80 }) {
      bytes = Array(text.utf8)
    } else {
      let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
      self.bytes = bytes.count == text.unicodeScalars.count ? bytes : Array(text.utf8)
    }
  }

  public func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

extension ForeignText: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) {
    self.init(text)
  }
}
