/// What a key signs by.
public enum KeyAlgorithm: String, CaseIterable, Sendable {
  /// HMAC with SHA-256 (RFC 7518 §3.2): who verifies can sign, too.
  case hs256 = "HS256"
  /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4): anybody may have the key that verifies.
  case es256 = "ES256"
  /// EdDSA on Curve25519, by its name of RFC 9864 §2.2, which deprecates the name `EdDSA`.
  case ed25519 = "Ed25519"

  /// Whether another key verifies than signs.
  public var hasPublicKey: Bool { self != .hs256 }
}
