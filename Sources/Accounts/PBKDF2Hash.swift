import Crypto
import CryptoExtras

/// A stored hash of PBKDF2 (RFC 8018 §5.2) as Django writes it: `pbkdf2_sha256$600000$salt$hash`, the
/// salt as it stands there, the hash in Base64.
struct PBKDF2Hash: HashScheme {
  let description: String
  private let function: KDF.Insecure.PBKDF2.HashFunction
  private let iterations: Int
  private let salt: [UInt8]
  private let digest: [UInt8]

  /// `tooCostly`, that is over some seconds on one core: over ten million iterations.
  init(_ text: String) throws(UnusableHash) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 4, let function = Self.functions[String(parts[0])],
      let iterations = wholeNumber(parts[1]), iterations >= 1, 1...128 ~= parts[2].utf8.count,
      // Both sizes of a digest leave one place to be filled.
      parts[3].hasSuffix("="), let digest = Base64.standard.decoded(parts[3].dropLast()),
      digest.count == function.size
    else { throw .unknown }
    guard iterations <= 10_000_000 else { throw .tooCostly }
    description = "\(parts[0]), \(iterations) iterations"
    self.function = function.function
    self.iterations = iterations
    salt = Array(parts[2].utf8)
    self.digest = digest
  }

  func isMade(of password: Password) throws(PasswordHasherError) -> Bool {
    do {
      let key = try KDF.Insecure.PBKDF2.deriveKey(
        from: password.bytes, salt: salt, using: function, outputByteCount: digest.count,
        unsafeUncheckedRounds: iterations)
      return isSame(key.withUnsafeBytes { Array($0) }, digest)
    } catch {
      throw .unavailable
    }
  }

  /// With the sizes of their digests, in bytes.
  private static let functions:
    [String: (function: KDF.Insecure.PBKDF2.HashFunction, size: Int)] = [
      "pbkdf2_sha256": (.sha256, 32), "pbkdf2_sha1": (.insecureSHA1, 20),
    ]
}
