import Foundation

@testable import Tokens

/// `keys.json`.
struct KeysTarget: FuzzTarget {
  static let name = "keys"

  func seeds() throws -> [[UInt8]] {
    try KeyAlgorithm.allCases.map { algorithm in
      let access = try KeySet.random(algorithm, at: 1_800_000_000)
      return try KeyFile(access: access, refresh: .random()).encoded()
    }
  }

  let words = [
    "version", "keys", "kid", "typ", "alg", "use", "sign", "verify", "retired", "created", "from",
    "until", "derivation", "at+jwt", "rt+jwt", "HS256", "ES256", "Ed25519",
    "9223372036854775807", "-9223372036854775808",
  ]

  func run(_ bytes: [UInt8]) throws {
    guard let file = try? KeyFile(bytes) else { return }
    let encoded = try file.encoded()
    let again = try KeyFile(encoded)
    require(again == file, "written and read it differs")
    try require(again.encoded() == encoded, "written again it differs")
    let issuer = TokenIssuer(access: try KeyRing(file.access), refresh: try KeyRing(file.refresh))
    _ = issuer.publicKeys(at: now)
    _ = try issuer.tokens(
      for: .init(id: "u", email: "e", username: "n"), session: "s",
      refresh: ("j", 1_800_000_000, 1_800_000_900), at: now)
  }
}
