import ForeignInput

/// A key that signs and verifies tokens of one kind, by one algorithm alone.
struct SigningKey<Claims: TokenClaims>: Sendable, TimedKey {
  let id: String
  let algorithm: KeyAlgorithm
  /// Its name as headers have it.
  let algorithmName: ForeignText
  /// The header of every token that this key signs, encoded.
  let encodedHeader: String
  let signer: Signer
  let signsFrom: NumericDate?
  let verifiesUntil: NumericDate?

  init(_ key: TokenKey) throws {
    id = key.id
    algorithm = key.secret.algorithm
    algorithmName = ForeignText(algorithm.rawValue)
    signer = try Signer(key.secret)
    signsFrom = key.signsFrom
    verifiesUntil = key.verifiesUntil
    encodedHeader = Base64URL.encode(
      try TokenCoders.encoder.encode(["alg": algorithm.rawValue, "kid": id, "typ": Claims.type]))
  }
}
