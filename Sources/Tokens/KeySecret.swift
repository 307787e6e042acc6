import Crypto
import FoundationEssentials

/// The secret of one HS256 key. Prints as its id alone.
public struct KeySecret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The `kid` of the tokens that it signs.
  public let id: String
  let bytes: [UInt8]

  public var description: String { id }
  public var customMirror: Mirror { Mirror(self, children: ["id": id]) }

  /// - Throws: `WeakSecret` for less than 32 bytes, and for what could be guessed.
  public init(id: String, bytes: [UInt8]) throws(WeakSecret) {
    guard SecretStrength.suffices(bytes) else { throw WeakSecret() }
    self.id = id
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

  /// A fresh one of 32 random bytes.
  public static func random() throws(WeakSecret) -> KeySecret {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<SecretStrength.shortest).map { _ in
      UInt8.random(in: .min ... .max, using: &generator)
    }
    let id = (0..<9).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return try KeySecret(id: Base64URL.encode(id), bytes: bytes)
  }
}
