import PasswordStrength

/// What is asked of the secret of a key.
///
/// Measured on 100,000 random secrets of each making, the lowest estimate and the fewest different
/// bytes. Both are below what the making is worth: the estimator finds words in random text, too.
///
/// | Made by | bits | bytes |
/// |---|---|---|
/// | `openssl rand -hex 16` | 88.5 | 8 |
/// | `openssl rand -hex 32` | 207.2 | 12 |
/// | `openssl rand -base64 24` | 112.7 | 16 |
/// | `openssl rand -base64 32` | 176.0 | 23 |
/// | 32 printable characters | 122.6 | 19 |
///
/// The sentences, rows of keys and repetitions that the tests try reach 82 at most. The estimator
/// knows English: a long sentence of another language passes.
enum SecretStrength {
  /// In bytes: the length of the hash (RFC 7518 §3.2).
  static let shortest = 32
  static let fewestDifferentBytes = 8
  /// Of text. Two bounds, since one of hexadecimal digits has so much less in as many bytes.
  static let fewestBits = 104.0
  static let fewestBitsOfHexadecimals = 84.0

  static func suffices(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= shortest, Set(bytes).count >= fewestDifferentBytes else { return false }
    // Bytes that are no text were made by a generator.
    guard let text = String(validating: bytes, as: UTF8.self) else { return true }
    let isHexadecimal = text.allSatisfy { $0.isHexDigit || $0 == "-" || $0.isWhitespace }
    return Guessability.bits(of: text, knowing: words)
      >= (isHexadecimal ? fewestBitsOfHexadecimals : fewestBits)
  }

  /// What secrets that are no secrets are made of.
  private static let words = [
    "secret", "token", "postern", "password", "access", "refresh", "signing", "change", "string",
    "random", "production", "development", "example", "replace", "default", "server", "service",
    "super", "private", "please", "your", "jwt", "key", "1qaz", "2wsx", "3edc", "4rfv", "5tgb",
    "6yhn", "7ujm",
  ]
}

/// A secret that could be guessed.
public struct WeakSecret: Error, CustomStringConvertible {
  public var description: String {
    "a secret must have at least \(SecretStrength.shortest) bytes, "
      + "\(SecretStrength.fewestDifferentBytes) of them different, and by estimate "
      + "\(Int(SecretStrength.fewestBits)) bits of entropy "
      + "(\(Int(SecretStrength.fewestBitsOfHexadecimals)) of hexadecimal digits); "
      + "make one by: openssl rand -base64 32"
  }
}
