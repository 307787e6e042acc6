/// What a sign-in and a refresh hand out.
public struct IssuedTokens: Encodable, Sendable {
  public let accessToken: String
  /// `nil` where it goes into the cookie instead of the body.
  public private(set) var refreshToken: String?
  /// How long the access token lives, in seconds.
  public let expiresIn: Int

  init(accessToken: String, refreshToken: String, expiresIn: Int) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
    self.expiresIn = expiresIn
  }

  public var withoutRefreshToken: IssuedTokens {
    var shown = self
    shown.refreshToken = nil
    return shown
  }
}
