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
  /// `nil` where there is no audience.
  private let client: String?
  /// How long an access token lives, in seconds.
  private let accessLifetime: Int
  /// The access tokens that were found good: a client sends the same one again and again. What they
  /// say is checked against the time at each use.
  private let verified = BoundedCache<VerifiedToken, VerifiedClaims<AccessClaims>>(limit: 2048)
  /// The same for refresh tokens that come again and again.
  private let verifiedRefresh = BoundedCache<VerifiedToken, VerifiedClaims<RefreshClaims>>(
    limit: 2048)

  /// - Parameters:
  ///   - audience: claim `aud` of access tokens.
  ///   - client: claim `client_id` of access tokens that have an audience: RFC 9068 §2.2 wants both.
  public init(
    access: KeyRing<AccessClaims>,
    refresh: KeyRing<RefreshClaims>,
    issuer: String = "postern",
    audience: String? = nil,
    client: String = "web",
    accessLifetime: Int = 900
  ) {
    self.access = access
    self.refresh = refresh
    self.issuer = issuer
    self.audience = audience
    self.client = audience == nil ? nil : client
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
        iat: now, exp: now + accessLifetime, iss: issuer, aud: audience,
        clientID: client))
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
    if let found = verified[key] {
      try check(found, at: time)
      return found.claims
    }
    let found = try access.verified(token)
    try check(found, at: time)
    let claims = found.claims
    guard claims.aud == audience, claims.exp - claims.iat <= accessLifetime else {
      throw .malformed
    }
    verified[key] = found
    return claims
  }

  public func verifyRefreshToken(
    _ token: ForeignText, at time: Date
  ) throws(TokenError) -> RefreshClaims {
    let found = try refresh.verified(token)
    try check(found, at: time)
    return found.claims
  }

  /// As `verifyRefreshToken`, for a cookie that comes with each request of a browser.
  public func verifyRepeatedRefreshToken(
    _ token: ForeignText, at time: Date
  ) throws(TokenError) -> RefreshClaims {
    let key = VerifiedToken(text: token)
    if let found = verifiedRefresh[key] {
      try check(found, at: time)
      return found.claims
    }
    let found = try refresh.verified(token)
    try check(found, at: time)
    verifiedRefresh[key] = found
    return found.claims
  }

  /// The claims of a refresh token of ours, whatever its times: enough to end its session.
  public func recognizeRefreshToken(
    _ token: ForeignText
  ) throws(TokenError) -> RefreshClaims {
    try refresh.verify(token)
  }

  /// What others need to verify access tokens at `time`; empty while only HS256 is used.
  public func publicKeys(at time: Date) -> PublicKeys {
    access.publicKeys(at: numericDate(time))
  }

  private func check<Claims>(
    _ found: VerifiedClaims<Claims>, at time: Date
  ) throws(TokenError) {
    let now = numericDate(time)
    let claims = found.claims
    guard found.keyEndsAt > now else { throw .invalidSignature }
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
