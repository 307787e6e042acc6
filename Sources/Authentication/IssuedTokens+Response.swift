public import HandlerKit
public import Tokens

extension IssuedTokens {
  /// The answer that hands them out.
  ///
  /// - Parameters:
  ///   - inCookie: whether the refresh token goes into the cookie instead of the body.
  ///   - maxAge: seconds that the browser keeps the cookie for; `nil` for as long as it runs.
  ///   - body: what the body says, made of the tokens that are to stand in it.
  public func response(
    inCookie: Bool, maxAge: Int?, body: (IssuedTokens) -> some Encodable = { $0 }
  ) throws -> Response {
    guard inCookie, let refreshToken else { return try .json(body(self)) }
    var response = try Response.json(body(withoutRefreshToken))
    response.headers.append(HostCookie.refresh.setting(refreshToken, maxAge: maxAge))
    return response
  }
}
