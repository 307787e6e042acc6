import CSodium
import ForeignInput
import Glibc

/// A token whose signature was found good, as the key of a cache.
///
/// Hashed by its end, which is the signature: nobody can make two that are kept and end alike.
struct VerifiedToken: Hashable, Sendable {
  let text: ForeignText

  private static let hashedBytes = 32
  /// That of ES256 and Ed25519 in base64url; HS256's is shorter.
  private static let longestSignature = 86

  /// In a time that does not tell how much of the signature is right.
  static func == (one: VerifiedToken, other: VerifiedToken) -> Bool {
    one.text.bytes.withUnsafeBytes { one in
      other.text.bytes.withUnsafeBytes { other in
        guard one.count == other.count else { return false }
        guard let start = one.baseAddress, let otherStart = other.baseAddress else { return true }
        let rest = max(0, one.count - longestSignature)
        return memcmp(start, otherStart, rest) == 0
          && sodium_memcmp(start + rest, otherStart + rest, one.count - rest) == 0
      }
    }
  }

  func hash(into hasher: inout Hasher) {
    text.bytes.withUnsafeBytes { bytes in
      hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes.suffix(Self.hashedBytes)))
    }
  }
}
