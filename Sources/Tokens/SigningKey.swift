import JWTKit

/// A key that signs and verifies tokens of one kind, with the one algorithm that it was made for.
///
/// JWTKit's algorithm is called directly, not through its key collection. The collection is an
/// actor that is entered for each token and parses each header anew: 16 µs a verification where
/// this takes 12 µs, in turn in one run, with the strict base64 check that the collection does not
/// make (`script/bench tokens`). It also falls back to a default key for an unknown `kid`, which
/// must never happen here. It is asked once, for the algorithm of the key.
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
      try TokenCoders.encoder.encode(["alg": algorithm.name, "kid": id, "typ": Claims.type]))
  }
}
