import Crypto

/// A key that signs and verifies tokens of one kind, by HMAC with SHA-256 alone (RFC 7518 §3.2).
struct SigningKey<Claims: TokenClaims>: Sendable {
  static var algorithm: String { "HS256" }

  let id: String
  /// The header of every token that this key signs, encoded.
  let encodedHeader: String
  /// Has taken in the key and no message yet.
  private let keyed: HMAC<SHA256>

  init(_ secret: KeySecret) throws {
    id = secret.id
    keyed = HMAC(key: SymmetricKey(data: secret.bytes))
    encodedHeader = Base64URL.encode(
      try TokenCoders.encoder.encode(["alg": Self.algorithm, "kid": id, "typ": Claims.type]))
  }

  func signature(of input: ArraySlice<UInt8>) -> HMAC<SHA256>.MAC {
    var code = keyed
    code.update(data: input)
    return code.finalize()
  }

  /// Compared in the same time wherever they differ.
  func isSignature(_ bytes: [UInt8], of input: ArraySlice<UInt8>) -> Bool {
    signature(of: input) == bytes
  }
}
