import BoundedCache
public import ForeignInput
public import FoundationEssentials
import SystemCalls

/// Issues tokens, and admits those that it issued and that are good at the time.
public struct TokenIssuer: Sendable {
  /// How far another clock may be ahead of ours, in seconds. There is none for `exp`.
  private static let leeway = 5

  private let access: KeyRing<AccessClaims>
  private let refresh: KeyRing<RefreshClaims>
  private let issuer: String
  private let audience: String?
  /// How long an access token lives, in seconds.
  private let accessLifetime: Int
  /// The access tokens that were found good: a client sends the same one again and again. What they
  /// say is checked against the time at each use.
  private let verified = BoundedCache<VerifiedToken, AccessClaims>(limit: 2048)
  /// The same for refresh tokens that come again and again.
  private let verifiedRefresh = BoundedCache<VerifiedToken, RefreshClaims>(limit: 2048)

  public init(
    access: KeyRing<AccessClaims>,
    refresh: KeyRing<RefreshClaims>,
    issuer: String = "postern",
    audience: String? = nil,
    accessLifetime: Int = 900
  ) {
    self.access = access
    self.refresh = refresh
    self.issuer = issuer
    self.audience = audience
    self.accessLifetime = accessLifetime
  }

  /// The two tokens that a client holds.
  ///
  /// - Parameters:
  ///   - groups: the user's; the access token does not mention them where there are none.
  ///   - refresh: the `jti`, `iat` and `exp` of the refresh token. Made anew from the same ones, that
  ///     token is the same to the byte; the access token is a new one each time.
  public func tokens(
    for user: AccessClaims.User,
    groups: [String] = [],
    session: String,
    refresh: (id: String, issuedAt: NumericDate, expiresAt: NumericDate),
    at time: Date
  ) throws -> IssuedTokens {
    let now = numericDate(time)
    let accessToken = try access.sign(
      AccessClaims(
        user: user, groups: groups.isEmpty ? nil : groups, sub: user.id, sid: session,
        jti: System.randomID(),
        iat: now, exp: now + accessLifetime, iss: issuer, aud: audience))
    let refreshToken = try self.refresh.sign(
      RefreshClaims(
        sub: user.id, sid: session, jti: refresh.id, iat: refresh.issuedAt,
        exp: refresh.expiresAt, iss: issuer))
    return IssuedTokens(
      accessToken: accessToken, refreshToken: refreshToken, expiresIn: accessLifetime)
  }

  public func verifyAccessToken(
    _ token: ForeignText, at time: Date
  ) throws(TokenError) -> AccessClaims {
    let key = VerifiedToken(text: token)
    if let claims = verified[key] {
      try check(claims, at: time)
      return claims
    }
    let claims = try access.verify(token)
    try check(claims, at: time)
    guard claims.aud == audience, claims.exp - claims.iat <= accessLifetime else {
      throw .malformed
    }
    verified[key] = claims
    return claims
  }

  public func verifyRefreshToken(
    _ token: ForeignText, at time: Date
  ) throws(TokenError) -> RefreshClaims {
    let claims = try refresh.verify(token)
    try check(claims, at: time)
    return claims
  }

  /// As `verifyRefreshToken`, for a cookie that comes with each request of a browser.
  public func verifyRepeatedRefreshToken(
    _ token: ForeignText, at time: Date
  ) throws(TokenError) -> RefreshClaims {
    let key = VerifiedToken(text: token)
    if let claims = verifiedRefresh[key] {
      try check(claims, at: time)
      return claims
    }
    let claims = try verifyRefreshToken(token, at: time)
    verifiedRefresh[key] = claims
    return claims
  }

  /// The claims of a refresh token of ours, whatever its times: enough to end its session.
  public func recognizeRefreshToken(
    _ token: ForeignText
  ) throws(TokenError) -> RefreshClaims {
    try refresh.verify(token)
  }

  private func check(_ claims: some TokenClaims, at time: Date) throws(TokenError) {
    let now = numericDate(time)
    guard claims.exp > now else { throw .expired }
    guard claims.iss == issuer, 0 <= claims.iat, claims.iat <= now + Self.leeway,
      claims.nbf ?? 0 <= now + Self.leeway
    else { throw .malformed }
  }
}

/// The second that `time` falls in.
func numericDate(_ time: Date) -> NumericDate {
  NumericDate(time.timeIntervalSince1970.rounded(.down))
}
