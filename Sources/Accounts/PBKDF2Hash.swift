import CSodium

/// A stored hash of PBKDF2 with SHA-256 (RFC 8018 §5.2) as Django writes it:
/// `pbkdf2_sha256$600000$salt$hash`, the salt as it stands there, the hash in Base64.
struct PBKDF2Hash: HashScheme {
  private let iterations: Int
  private let salt: [UInt8]
  private let digest: [UInt8]

  /// `tooCostly`, that is over some seconds on one core: over four million iterations.
  init(_ text: String) throws(UnusableHash) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "pbkdf2_sha256",
      let iterations = wholeNumber(parts[1]), iterations >= 1, 1...128 ~= parts[2].utf8.count,
      // So many bytes leave one place to be filled.
      parts[3].hasSuffix("="), let digest = Base64.standard.decoded(parts[3].dropLast()),
      digest.count == Int(crypto_auth_hmacsha256_BYTES)
    else { throw .unknown }
    guard iterations <= 4_000_000 else { throw .tooCostly }
    self.iterations = iterations
    salt = Array(parts[2].utf8)
    self.digest = digest
  }

  var description: String { "pbkdf2_sha256, \(iterations) iterations" }

  func isMade(of password: Password) -> Bool {
    // HMAC fills its key with NULs (RFC 2104 §2): one more at the end would change nothing.
    isSame(derivedKey(of: password.bytes), digest) && password.bytes.last != 0
  }

  /// One block, which is as long as the digest.
  private func derivedKey(of password: [UInt8]) -> [UInt8] {
    var keyed = crypto_auth_hmacsha256_state()
    crypto_auth_hmacsha256_init(&keyed, password, password.count)
    var block = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
    func authenticate(_ text: [UInt8]) {
      // Hashing the key once spares half of the work.
      var state = keyed
      crypto_auth_hmacsha256_update(&state, text, UInt64(text.count))
      crypto_auth_hmacsha256_final(&state, &block)
    }
    authenticate(salt + [0, 0, 0, 1])
    var key = block
    for _ in 1..<iterations {
      authenticate(block)
      for index in key.indices { key[index] ^= block[index] }
    }
    return key
  }
}
