public import FoundationEssentials

/// One sign-in on one device.
///
/// Holds ids and times of tokens, never a token: a reader of the store cannot sign in with it.
public struct Session: Codable, Equatable, Sendable {
  public let id: String
  public let createdAt: Date
  /// When a refresh token of this session was last rotated.
  public internal(set) var lastUsedAt: Date
  /// The session's absolute end, however often it is refreshed.
  public let endsAt: Date
  /// The refresh token that is good now.
  public internal(set) var current: RefreshTokenRecord
  /// The latest refresh tokens that were replaced, the newest first.
  var recent: [ReplacedToken]
  /// Digest of the fingerprint that was given at sign-in.
  let fingerprint: String?
  /// The user's `passwordGeneration` that let it begin or go on; one that is lower than the user's
  /// has ended. `nil` where it is not known, as in documents of earlier versions: not compared.
  var passwordGeneration: Int?
  /// Whether the browser is to forget the sign-in when it ends. `nil`: it is to remember it.
  let endsWithBrowser: Bool?
  public let userAgent: String
  public let address: String

  /// As they stand in the document, so that nothing has to be sorted.
  private enum CodingKeys: CodingKey {
    case address, createdAt, current, endsAt, endsWithBrowser, fingerprint, id, lastUsedAt,
      passwordGeneration, recent, userAgent
  }

  /// Whether a password before that one let it begin.
  func isOlder(than passwordGeneration: Int?) -> Bool {
    guard let own = self.passwordGeneration, let passwordGeneration else { return false }
    return own < passwordGeneration
  }

  /// - Parameter passwordGeneration: the user's, where it is known.
  func isLive(at time: Date, passwordGeneration: Int? = nil) -> Bool {
    time < endsAt && secondsLeft(at: time) > 0 && !isOlder(than: passwordGeneration)
  }

  /// For how many seconds a browser keeps the cookie with the current token: to the token's end, or
  /// `nil` for as long as the browser runs.
  public func cookieAge(at time: Date) -> Int? {
    endsWithBrowser == true ? nil : secondsLeft(at: time)
  }

  private func secondsLeft(at time: Date) -> Int {
    let (left, isOver) = current.expiresAt.subtractingReportingOverflow(wholeSeconds(time))
    return isOver ? 0 : left
  }
}

/// What the store keeps of a refresh token: enough to sign it again to the byte.
public struct RefreshTokenRecord: Codable, Equatable, Sendable {
  /// The token's `jti`.
  public let id: String
  /// `iat` and `exp`: whole seconds since 1970.
  public let issuedAt: Int
  public let expiresAt: Int

  private enum CodingKeys: CodingKey {
    case expiresAt, id, issuedAt
  }
}

/// A refresh token that has a successor.
struct ReplacedToken: Codable, Equatable, Sendable {
  let id: String
  let replacedAt: Date
  /// Digest of the attempt that replaced it, while its successor is the current token.
  var attempt: String?
}
