import ForeignInput
import Glibc

/// A token whose signature was found good, as the key of a cache.
///
/// Hashed by its end, which is the signature: nobody can make two that are kept and end alike.
struct VerifiedToken: Hashable, Sendable {
  let text: ForeignText

  private static let hashedBytes = 32

  static func == (one: VerifiedToken, other: VerifiedToken) -> Bool {
    one.text.bytes.withUnsafeBytes { one in
      other.text.bytes.withUnsafeBytes { other in
        one.count == other.count
          && (one.isEmpty || memcmp(one.baseAddress!, other.baseAddress!, one.count) == 0)
      }
    }
  }

  func hash(into hasher: inout Hasher) {
    text.bytes.withUnsafeBytes { bytes in
      hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes.suffix(Self.hashedBytes)))
    }
  }
}
