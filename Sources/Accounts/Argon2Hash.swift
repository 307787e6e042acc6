import CSodium

/// A stored Argon2id hash, taken apart: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<digest>`.
///
/// libsodium checks such a string in one call, but that call says "wrong" also when there is no
/// memory to find out. Computing the digest and comparing it are two things here.
struct Argon2Hash: Equatable {
  let cost: PasswordHasher.Cost
  private let salt: [UInt8]
  private let digest: [UInt8]

  /// `nil` for anything else than an Argon2id hash that libsodium could have made, and for one
  /// that asks for more than may be computed.
  init?(_ text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19",
      let cost = Self.cost(parts[3]), cost.isAffordable,
      let salt = Base64.standard.decoded(parts[4]), salt.count == Int(crypto_pwhash_SALTBYTES),
      let digest = Base64.standard.decoded(parts[5]), 16...64 ~= digest.count
    else { return nil }
    self.cost = cost
    self.salt = salt
    self.digest = digest
  }

  /// One that was made of no password: salt and digest are random.
  static func ofNothing(_ cost: PasswordHasher.Cost) -> String {
    let salt = Base64.standard.encoded(randomBytes(Int(crypto_pwhash_SALTBYTES)))
    let digest = Base64.standard.encoded(randomBytes(32))
    return "$argon2id$v=19$m=\(cost.memory >> 10),t=\(cost.passes),p=1$\(salt)$\(digest)"
  }

  /// Whether the hash was made of `password`; takes its time.
  /// - Throws: `unavailable` where there is no memory for it.
  func isMade(of password: Password) throws(PasswordHasherError) -> Bool {
    var computed = [UInt8](repeating: 0, count: digest.count)
    let result = withCharacters(of: password.bytes) {
      crypto_pwhash(
        &computed, UInt64(computed.count), $0, $1, salt, cost.passes, cost.memory,
        crypto_pwhash_ALG_ARGON2ID13)
    }
    guard result == 0 else { throw .unavailable }
    return sodium_memcmp(computed, digest, digest.count) == 0
  }

  /// `m=19456,t=2,p=1`, the memory in KiB.
  private static func cost(_ text: Substring) -> PasswordHasher.Cost? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].hasPrefix("m="), parts[1].hasPrefix("t="), parts[2] == "p=1",
      let memory = Int(parts[0].dropFirst(2)), let passes = UInt64(parts[1].dropFirst(2)),
      0...Int.max >> 10 ~= memory
    else { return nil }
    return PasswordHasher.Cost(passes: passes, memory: memory << 10)
  }
}

/// Lends `bytes` as libsodium takes a password: by address and length, so that a NUL is a byte like
/// any other. -1 where there are none.
func withCharacters(
  of bytes: [UInt8], _ body: (UnsafePointer<CChar>, UInt64) -> Int32
) -> Int32 {
  bytes.withUnsafeBytes { buffer in
    guard let start = buffer.bindMemory(to: CChar.self).baseAddress else { return -1 }
    return body(start, UInt64(buffer.count))
  }
}
