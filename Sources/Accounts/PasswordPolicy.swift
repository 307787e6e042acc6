public import ForeignInput
import PasswordStrength

/// What a new password must be: long enough and hard to guess, and nothing else (NIST SP 800-63B-4
/// §3.1.1.2). Passwords that are in use already are not held to it.
public struct PasswordPolicy: Sendable {
  /// Between what NIST allows at least, and what it wants every verifier to take.
  public static let minimumLengths = 8...64

  /// In Unicode code points.
  public let minimumLength: Int

  /// zxcvbn's score 3 of 4, "safely unguessable" against an attacker who has to compute slow hashes: 10⁸
  /// guesses. At 100 an hour, as many as the throttle allows, they take a hundred years.
  private static let leastBits = 26.6

  /// - Parameter minimumLength: one of `minimumLengths`.
  public init(minimumLength: Int = 15) {
    self.minimumLength = minimumLength
  }

  /// A new password for the user of this name. A few milliseconds at most, however long the text.
  /// - Throws: `UnfitPassword`
  public func password(
    _ text: ForeignText, forUser name: String, _ profile: User.Profile
  ) throws(UnfitPassword) -> Password {
    guard text.bytes.count <= Password.sizes.upperBound else {
      throw UnfitPassword(
        "The password is too long: it may have at most \(Password.sizes.upperBound) bytes.")
    }
    guard let password = text.string(limit: Password.sizes.upperBound).flatMap(Password.init) else {
      throw UnfitPassword("The password is empty, or no text.")
    }
    guard password.length >= minimumLength else {
      throw UnfitPassword(
        "The password is too short: it needs at least \(minimumLength) characters, "
          + "and has \(password.length).")
    }
    guard !password.isOfDemo else {
      throw UnfitPassword("The password is too easy to guess: it is the one of the demo accounts.")
    }
    let (bits, pattern) = Guessability.estimate(
      of: password.text, knowing: Self.words(of: name, profile))
    guard bits >= Self.leastBits else {
      throw UnfitPassword(
        "The password is too easy to guess: \(pattern.reason). "
          + "A few words that do not belong together make a good one.")
    }
    return password
  }

  /// What a guesser knows of the user, and that the password is for Postern.
  private static func words(of name: String, _ profile: User.Profile) -> [String] {
    let parts = profile.email.split { !($0.isLetter || $0.isNumber) }.map(String.init)
    return [name, profile.email, profile.firstName, profile.lastName]
      + parts.filter { $0.count > 2 }.prefix(8) + ["postern"]
  }
}

/// Why a password is not taken for a new one, in words for the person who chose it. Never holds the
/// password.
public struct UnfitPassword: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension GuessablePattern {
  fileprivate var reason: String {
    switch self {
    case .knownWord: "it is mostly your name or address"
    case .commonWords: "it is made of words and passwords that many people use"
    case .repetition: "it says the same again and again"
    case .sequence: "it is mostly a sequence such as 1234 or abcd"
    case .keyboardRow: "it is mostly a row of keys"
    case .date: "it is mostly a date"
    case .other: "there is too little to it"
    }
  }
}
