import Crypto
import FoundationEssentials

/// Makes and checks the signatures of one key.
enum Signer: Sendable {
  /// Has taken in the key and no message yet.
  case hs256(HMAC<SHA256>)
  case es256(P256.Signing.PrivateKey, P256.Signing.PublicKey)
  case ed25519(Curve25519.Signing.PrivateKey, Curve25519.Signing.PublicKey)

  /// - Throws: for bytes that are no private key.
  init(_ secret: KeySecret) throws {
    switch secret.algorithm {
    case .hs256: self = .hs256(HMAC(key: SymmetricKey(data: secret.bytes)))
    case .es256:
      let key = try P256.Signing.PrivateKey(rawRepresentation: secret.bytes)
      self = .es256(key, key.publicKey)
    case .ed25519:
      let key = try Curve25519.Signing.PrivateKey(rawRepresentation: secret.bytes)
      self = .ed25519(key, key.publicKey)
    }
  }

  /// In base64url. The same for the same input only with HS256.
  func encodedSignature(of input: [UInt8]) throws -> String {
    switch self {
    case .hs256(var code):
      code.update(data: input)
      return Base64URL.encode(code.finalize())
    // Two numbers of 32 bytes, and not their DER (RFC 7518 §3.4).
    case .es256(let key, _):
      return Base64URL.encode(try key.signature(for: input).rawRepresentation)
    case .ed25519(let key, _): return Base64URL.encode(try key.signature(for: input))
    }
  }

  /// For HS256 compared in the same time wherever they differ.
  func isSignature(_ bytes: [UInt8], of input: ArraySlice<UInt8>) -> Bool {
    switch self {
    case .hs256(var code):
      code.update(data: input)
      return code.finalize() == bytes
    case .es256(_, let key):
      guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: bytes) else {
        return false
      }
      return key.isValidSignature(signature, for: input)
    case .ed25519(_, let key): return key.isValidSignature(bytes, for: input)
    }
  }

  /// The public key's coordinates, one after the other; `nil` for HS256, which has none.
  var publicKey: [UInt8]? {
    switch self {
    case .hs256: nil
    case .es256(_, let key): [UInt8](key.rawRepresentation)
    case .ed25519(_, let key): [UInt8](key.rawRepresentation)
    }
  }
}
