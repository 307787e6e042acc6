import CArgon2
import CSodium

/// A stored Argon2 hash, taken apart: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<digest>`.
///
/// libsodium checks such a string in one call, but that call says "wrong" also when there is no
/// memory to find out. Computing the digest and comparing it are two things here.
struct Argon2Hash: HashScheme, Equatable {
  enum Variant: String {
    case id = "argon2id"
    case i = "argon2i"
  }

  let variant: Variant
  let cost: PasswordHasher.Cost
  let lanes: Int
  private let salt: [UInt8]
  private let digest: [UInt8]

  /// The digest's size in a hash of ours, in bytes.
  private static let ownDigestSize = 32

  /// Of version 0x13 alone (RFC 9106 §3.1). `tooCostly` is beyond `PasswordHasher.Cost.most`.
  init(_ text: String) throws(UnusableHash) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].isEmpty, let variant = Variant(rawValue: String(parts[1])),
      parts[2] == "v=19", let (cost, lanes) = Self.parameters(parts[3]),
      let salt = Base64.standard.decoded(parts[4]), 8...64 ~= salt.count,
      let digest = Base64.standard.decoded(parts[5]), 16...64 ~= digest.count
    else { throw .unknown }
    guard cost.isAffordable, lanes <= 64 else { throw .tooCostly }
    self.variant = variant
    self.cost = cost
    self.lanes = lanes
    self.salt = salt
    self.digest = digest
  }

  /// One that was made of no password: salt and digest are random.
  static func ofNothing(_ cost: PasswordHasher.Cost) -> String {
    let salt = Base64.standard.encoded(randomBytes(Int(crypto_pwhash_SALTBYTES)))
    let digest = Base64.standard.encoded(randomBytes(ownDigestSize))
    return "$argon2id$v=19$m=\(cost.memory >> 10),t=\(cost.passes),p=1$\(salt)$\(digest)"
  }

  var description: String {
    "\(variant.rawValue), m=\(cost.memory >> 10),t=\(cost.passes),p=\(lanes)"
  }

  func isOurs(at cost: PasswordHasher.Cost) -> Bool {
    self.cost == cost && isOfLibsodium && digest.count == Self.ownDigestSize
  }

  func isMade(of password: Password) throws(PasswordHasherError) -> Bool {
    var computed = [UInt8](repeating: 0, count: digest.count)
    let result =
      isOfLibsodium
      ? computeByLibsodium(password, &computed) : computeByLibargon2(password, &computed)
    guard result == 0 else { throw .unavailable }
    return isSame(computed, digest)
  }

  /// Whether libsodium, which is faster, can compute it: it knows one lane and one size of salt.
  private var isOfLibsodium: Bool {
    variant == .id && lanes == 1 && salt.count == Int(crypto_pwhash_SALTBYTES)
  }

  private func computeByLibsodium(_ password: Password, _ computed: inout [UInt8]) -> Int32 {
    withCharacters(of: password.bytes) {
      crypto_pwhash(
        &computed, UInt64(computed.count), $0, $1, salt, cost.passes, cost.memory,
        crypto_pwhash_ALG_ARGON2ID13)
    }
  }

  /// All lanes on the calling thread: it is one of those that are bounded.
  private func computeByLibargon2(_ password: Password, _ computed: inout [UInt8]) -> Int32 {
    var (bytes, salt) = (password.bytes, salt)
    return bytes.withUnsafeMutableBufferPointer { bytes in
      salt.withUnsafeMutableBufferPointer { salt in
        computed.withUnsafeMutableBufferPointer { computed in
          var context = argon2_context()
          (context.out, context.outlen) = (computed.baseAddress, UInt32(computed.count))
          (context.pwd, context.pwdlen) = (bytes.baseAddress, UInt32(bytes.count))
          (context.salt, context.saltlen) = (salt.baseAddress, UInt32(salt.count))
          (context.t_cost, context.m_cost) = (UInt32(cost.passes), UInt32(cost.memory >> 10))
          (context.lanes, context.threads) = (UInt32(lanes), 1)
          context.version = ARGON2_VERSION_13.rawValue
          return argon2_ctx(&context, variant == .id ? Argon2_id : Argon2_i)
        }
      }
    }
  }

  /// `m=19456,t=2,p=1`, the memory in KiB, at least 8 for each lane (RFC 9106 §3.1).
  private static func parameters(
    _ text: Substring
  ) -> (cost: PasswordHasher.Cost, lanes: Int)? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].hasPrefix("m="), parts[1].hasPrefix("t="),
      parts[2].hasPrefix("p="),
      let memory = wholeNumber(parts[0].dropFirst(2)),
      let passes = wholeNumber(parts[1].dropFirst(2)),
      let lanes = wholeNumber(parts[2].dropFirst(2)),
      passes >= 1, 1...1 << 24 - 1 ~= lanes, 8 * lanes...Int.max >> 10 ~= memory
    else { return nil }
    return (PasswordHasher.Cost(passes: UInt64(passes), memory: memory << 10), lanes)
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
