import HTTPTypes
public import HandlerKit

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

  /// The answer that hands them out.
  ///
  /// - Parameters:
  ///   - inCookie: whether the refresh token goes into the cookie instead of the body.
  ///   - body: what the body says, made of the tokens that are to stand in it.
  public func response(
    inCookie: Bool, body: (IssuedTokens) -> some Encodable
  ) throws -> Response {
    var shown = self
    if inCookie { shown.refreshToken = nil }
    var response = try Response.json(body(shown))
    if inCookie, let refreshToken {
      response.headers.append(HostCookie.refresh.setting(refreshToken))
    }
    return response
  }
}
