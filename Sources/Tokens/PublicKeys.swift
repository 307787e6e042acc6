/// Public keys that verify tokens, as a JWK Set (RFC 7517 §5).
public struct PublicKeys: Encodable, Sendable, Equatable {
  public let keys: [Key]

  /// One of them (RFC 7517 §4, RFC 7518 §6.2, RFC 8037 §2).
  public struct Key: Encodable, Sendable, Equatable {
    public let alg: String
    public let crv: String
    public let kid: String
    public let kty: String
    public let use: String
    public let x: String
    /// `nil` for Ed25519, which has one coordinate.
    public let y: String?

    /// `nil` for a key of HS256: what verifies there is secret.
    init?<Claims>(_ key: SigningKey<Claims>) {
      guard let bytes = key.signer.publicKey else { return nil }
      let isOnCurve25519 = key.algorithm == .ed25519
      alg = key.algorithm.rawValue
      crv = isOnCurve25519 ? "Ed25519" : "P-256"
      kid = key.id
      kty = isOnCurve25519 ? "OKP" : "EC"
      use = "sig"
      x = Base64URL.encode(bytes.prefix(32))
      y = isOnCurve25519 ? nil : Base64URL.encode(bytes.dropFirst(32))
    }
  }
}
