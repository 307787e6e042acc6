import JWTKit

/// A key that signs and verifies tokens of one kind, with the one algorithm that it was made for.
///
/// Why JWTKit's algorithm is called directly and not through its key collection: the collection
/// is an actor, and asking it for each token costs more than the signature itself.
/// The collection also falls back to a default key for an unknown `kid`, which we must not.
struct SigningKey<Claims: TokenClaims>: Sendable {
  let id: String
  let algorithm: any JWTAlgorithm
  /// The header of every token that this key signs, encoded.
  let encodedHeader: String

  init(_ secret: KeySecret) async throws {
    let collection = JWTKeyCollection()
    await collection.add(hmac: .init(from: secret.bytes), digestAlgorithm: .sha256)
    id = secret.id
    algorithm = try await collection.getKey()
    encodedHeader = Base64URL.encode(
      try tokenEncoder().encode(["alg": algorithm.name, "kid": id, "typ": Claims.type]))
  }
}
