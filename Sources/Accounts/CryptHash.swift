import CCrypt
import Glibc

/// A stored hash of crypt(5), computed by libxcrypt: bcrypt, SHA-256 and SHA-512 of `crypt`, yescrypt.
///
/// A password is what crypt(3) makes of it: bcrypt looks at its first 72 bytes, and one of 512 bytes
/// or more is wrong. One with a NUL, where crypt(3) would stop reading, is wrong too.
struct CryptHash: HashScheme {
  let description: String
  private let text: String

  /// `tooCostly`, that is over a second or two on one core: a bcrypt cost over 15, over three million
  /// rounds, yescrypt with over 1 GiB.
  init(_ text: String) throws(UnusableHash) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].isEmpty else { throw .unknown }
    switch parts[1] {
    case "2a", "2b", "2y": description = try Self.bcrypt(parts)
    case "5": description = try Self.sha("sha256crypt", parts, digits: 43)
    case "6": description = try Self.sha("sha512crypt", parts, digits: 86)
    case "y": description = try Self.yescrypt(parts)
    default: throw .unknown
    }
    self.text = text
  }

  func isMade(of password: Password) throws(PasswordHasherError) -> Bool {
    let phrase = password.bytes.map { CChar(bitPattern: $0) } + [0]
    var (data, size) = (UnsafeMutableRawPointer?.none, Int32(0))
    defer { free(data) }
    guard let computed = crypt_ra(phrase, text, &data, &size) else {
      if errno == ENOMEM { throw .unavailable }
      return false
    }
    let bytes = UnsafeRawBufferPointer(start: computed, count: strlen(computed))
    return isSame(Array(bytes), Array(text.utf8)) && !password.bytes.contains(0)
  }

  // MARK: - Parameters

  /// `$2b$12$`, 22 digits of salt and 31 of the hash.
  private static func bcrypt(_ parts: [Substring]) throws(UnusableHash) -> String {
    guard parts.count == 4, parts[2].utf8.count == 2, let cost = wholeNumber(parts[2]),
      4...31 ~= cost, isDigits(parts[3], 53...53)
    else { throw .unknown }
    guard cost <= 15 else { throw .tooCostly }
    return "bcrypt, cost \(cost)"
  }

  /// `$6$rounds=5000$salt$hash`, where the rounds may be left out.
  private static func sha(
    _ name: String, _ parts: [Substring], digits: Int
  ) throws(UnusableHash) -> String {
    var (rest, rounds) = (parts.dropFirst(2), 5000)
    if let first = rest.first, first.hasPrefix("rounds=") {
      guard let number = wholeNumber(first.dropFirst(7)), 1000...999_999_999 ~= number else {
        throw .unknown
      }
      rounds = number
      rest = rest.dropFirst()
    }
    guard rest.count == 2, let salt = rest.first, isDigits(salt, 0...16),
      let hash = rest.last, isDigits(hash, digits...digits)
    else { throw .unknown }
    guard rounds <= 3_000_000 else { throw .tooCostly }
    return "\(name), \(rounds) rounds"
  }

  /// `$y$j9T$salt$hash`: flavour, logarithm of the blocks and size of a block are one digit each.
  /// Hashes with more parameters than libxcrypt writes are not known.
  private static func yescrypt(_ parts: [Substring]) throws(UnusableHash) -> String {
    let digits = parts[2].utf8.map(value(ofDigit:))
    guard parts.count == 5, parts[2].hasPrefix("j"), digits.count == 3,
      // Higher ones begin a number of more digits.
      let logarithm = digits[1], logarithm < 48, let size = digits[2], size < 48,
      isDigits(parts[3], 1...86), isDigits(parts[4], 43...43)
    else { throw .unknown }
    // Bytes: 128 for each of so many blocks of this size.
    let memory = 128.multipliedReportingOverflow(by: (size + 1) << (logarithm + 1))
    guard !memory.overflow, memory.partialValue <= PasswordHasher.Cost.most.memory else {
      throw .tooCostly
    }
    return "yescrypt, \(memory.partialValue >> 10) KiB"
  }

  private static func isDigits(_ text: Substring, _ counts: ClosedRange<Int>) -> Bool {
    counts ~= text.utf8.count && text.utf8.allSatisfy { value(ofDigit: $0) != nil }
  }

  /// Of the 64 digits of crypt(5): `.`, `/`, `0` to `9`, `A` to `Z`, `a` to `z`.
  private static func value(ofDigit byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: ".")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "."))
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 12
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 38
    default: nil
    }
  }
}
