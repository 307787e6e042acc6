import Crypto
import FoundationEssentials

/// The secret of one key: of HMAC, or a private key. Prints as its id alone.
public struct KeySecret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The `kid` of the tokens that it signs.
  public let id: String
  /// The only one that it is ever used with (RFC 8725 §3.1).
  public let algorithm: KeyAlgorithm
  let bytes: [UInt8]

  public var description: String { id }
  public var customMirror: Mirror { Mirror(self, children: ["id": id]) }

  /// A secret of HS256.
  /// - Throws: `WeakSecret` for less than 32 bytes, and for what could be guessed.
  public init(id: String, bytes: [UInt8]) throws(WeakSecret) {
    guard SecretStrength.suffices(bytes) else { throw WeakSecret() }
    self.id = id
    self.algorithm = .hs256
    self.bytes = bytes
  }

  /// - Parameter bytes: of a private key the 32 of its number.
  /// - Throws: `WeakSecret`, also for what is no private key.
  init(id: String, algorithm: KeyAlgorithm, bytes: [UInt8]) throws(WeakSecret) {
    try self.init(id: id, bytes: bytes, of: algorithm)
    guard (try? Signer(self)) != nil else { throw WeakSecret() }
  }

  private init(id: String, bytes: [UInt8], of algorithm: KeyAlgorithm) throws(WeakSecret) {
    guard SecretStrength.suffices(bytes) else { throw WeakSecret() }
    self.id = id
    self.algorithm = algorithm
    self.bytes = bytes
  }

  /// A secret that is given as text, such as in an environment variable, for tokens of one kind.
  /// Its id follows from it, so that all workers agree, and tells nothing about it.
  public init(text: String, type: String) throws(WeakSecret) {
    let bytes = Array(text.utf8)
    let code = HMAC<SHA256>.authenticationCode(
      for: Array("postern kid \(type)".utf8), using: SymmetricKey(data: bytes))
    try self.init(id: Base64URL.encode(code.prefix(9)), bytes: bytes)
  }

  /// Whether tokens that one of them signed are well signed for the other, too, but for the id.
  public func isSameSecret(as other: KeySecret) -> Bool { bytes == other.bytes }

  /// A fresh one, of 32 random bytes or of a random private key.
  public static func random(_ algorithm: KeyAlgorithm = .hs256) throws(WeakSecret) -> KeySecret {
    let bytes =
      switch algorithm {
      case .hs256: randomBytes(SecretStrength.shortest)
      case .es256: [UInt8](P256.Signing.PrivateKey().rawRepresentation)
      case .ed25519: [UInt8](Curve25519.Signing.PrivateKey().rawRepresentation)
      }
    return try KeySecret(id: randomID(), algorithm: algorithm, bytes: bytes)
  }

  /// On command lines, what begins with a hyphen is an option.
  private static func randomID() -> String {
    while true {
      let id = Base64URL.encode(randomBytes(9))
      if !id.hasPrefix("-") { return id }
    }
  }

  private static func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
