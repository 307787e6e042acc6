import CSodium

/// A password hash as it is stored: one of ours, or one that another program made and that was
/// imported. It may be computed: no hash that asks for too much is a value of this type.
public struct StoredHash: Sendable, CustomStringConvertible {
  private let scheme: any HashScheme

  /// - Parameter text: as `crypt(5)`, PHC's string format or Django writes it.
  /// - Throws: `UnusableHash`
  public init(_ text: String) throws(UnusableHash) {
    guard text.utf8.count <= Self.longest, text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
      throw .unknown
    }
    // Django names its hasher before a hash that says by itself what it is.
    let text =
      ["argon2", "bcrypt$"].first { text.hasPrefix($0) }
      .map { String(text.dropFirst($0.utf8.count)) } ?? text
    if text.hasPrefix("$argon2") {
      scheme = try Argon2Hash(text)
    } else if text.hasPrefix("pbkdf2_") {
      scheme = try PBKDF2Hash(text)
    } else {
      scheme = try CryptHash(text)
    }
  }

  /// The scheme and its parameters, such as `bcrypt, cost 12`; nothing of salt or digest.
  public var description: String { scheme.description }

  /// Whether it is one that we would make today, at this cost.
  func isOurs(at cost: PasswordHasher.Cost) -> Bool {
    (scheme as? Argon2Hash)?.isOurs(at: cost) ?? false
  }

  /// Whether the hash was made of `password`; takes its time.
  /// - Throws: `unavailable` where there is no memory for it.
  func isMade(of password: Password) throws(PasswordHasherError) -> Bool {
    try scheme.isMade(of: password)
  }

  /// In bytes; crypt(5) has none longer.
  private static let longest = 384
}

/// Why a text is no stored hash.
public enum UnusableHash: Error, Equatable, CustomStringConvertible {
  /// Of no kind that is known, or not whole.
  case unknown
  /// It would take many seconds, or over a gigabyte: see the bounds of each scheme.
  case tooCostly

  public var description: String {
    switch self {
    case .unknown: "is no password hash of a kind that is known"
    case .tooCostly: "is a password hash that asks for more than is ever computed"
    }
  }
}

/// One way to make a hash of a password. The description has its name and its parameters.
protocol HashScheme: Sendable, CustomStringConvertible {
  /// - Parameter text: of visible ASCII.
  init(_ text: String) throws(UnusableHash)

  func isMade(of password: Password) throws(PasswordHasherError) -> Bool
}

/// Compares two digests in a time that does not depend on where they differ.
func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  one.count == other.count && sodium_memcmp(one, other, one.count) == 0
}

/// A number of decimal digits and nothing else.
func wholeNumber(_ text: some StringProtocol) -> Int? {
  text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
}
