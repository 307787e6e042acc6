public import ForeignInput
public import FoundationEssentials
import Glibc
import HTTPTypes
public import HandlerKit
public import Tokens

/// Admits a caller by the access token in its `Authorization` header (RFC 6750 §2.1).
public struct BearerAuthenticator: Authenticator {
  private let tokens: TokenIssuer
  private let sessionCheck: SessionCheck?
  private var requiredGroups: [String] = []

  /// - Parameter sessionCheck: `nil` where a token alone admits, for as long as it lives.
  public init(tokens: TokenIssuer, sessionCheck: SessionCheck?) {
    self.tokens = tokens
    self.sessionCheck = sessionCheck
  }

  /// Admits none but members of this group: all others get 403. Where the session is checked, the
  /// groups are those that the user is in now, else those that the token names.
  public func requiring(group: String) -> BearerAuthenticator {
    var stricter = self
    stricter.requiredGroups.append(group)
    return stricter
  }

  /// - Throws: 401, with `WWW-Authenticate` as RFC 6750 §3 has it; 403 for who is not in a group
  ///   that is required; `DocumentStoreError` where the session cannot be checked.
  public func authenticate(_ request: Request) throws -> AccessClaims {
    var claims = try verify(request.header(.authorization), at: request.time)
    if let sessionCheck, sessionCheck.covers(request) {
      guard let user = try sessionCheck.user(of: claims, at: request.time) else {
        throw HTTPError.invalidToken
      }
      claims.groups = user.groups.isEmpty ? nil : user.groups
    }
    guard requiredGroups.allSatisfy({ claims.groups?.contains($0) ?? false }) else {
      throw HTTPError.notInGroup
    }
    return claims
  }

  public func session(of caller: AccessClaims) -> String? { caller.sid }

  /// What the token in this header says, if it is good by itself: the store is not asked.
  /// - Throws: 401, as `authenticate`
  public func verify(
    _ authorization: ForeignText?, at time: Date
  ) throws(HTTPError) -> AccessClaims {
    guard let token = bearerToken(authorization) else { throw .missingToken }
    do {
      return try tokens.verifyAccessToken(token, at: time)
    } catch {
      switch error {
      case .malformed, .otherType: throw .invalidToken
      case .invalidSignature:
        throw .unauthorized("invalid signature", description: "invalid signature")
      case .expired: throw .unauthorized("jwt expired", description: "the token has expired")
      }
    }
  }
}

extension HTTPError {
  /// 401 for a token that was never good here, or whose session or user is gone.
  public static let invalidToken = unauthorized(description: "the token is invalid")

  /// 403 for a caller who is known, and not in a group that is asked for.
  public static let notInGroup = HTTPError(
    .forbidden, code: "not_in_group", message: "You are not in a group that may do this")

  /// 401 where nothing came that could prove who calls.
  public static let missingToken = unauthorized(description: nil)

  /// 401. Without `description` no credentials came, and the challenge says no more than that.
  fileprivate static func unauthorized(
    _ message: String = "Token is invalid", description: String?
  ) -> HTTPError {
    let error = description.map { #" error="invalid_token", error_description="\#($0)""# } ?? ""
    return HTTPError(
      .unauthorized,
      code: description == nil ? "missing_token" : "invalid_token",
      message: message,
      headers: [.wwwAuthenticate: "Bearer" + error])
  }
}

/// What follows the scheme `Bearer` (in any case) and exactly one space.
private func bearerToken(_ header: ForeignText?) -> ForeignText? {
  guard let bytes = header?.bytes, bytes.count > 7, bytes[6] == UInt8(ascii: " "),
    bytes[..<6].isInAnyCase("bearer"), !hasSpace(bytes[7...])
  else { return nil }
  return ForeignText(bytes[7...])
}

/// By the C library, which looks at many bytes at once.
private func hasSpace(_ bytes: ArraySlice<UInt8>) -> Bool {
  bytes.withUnsafeBytes { bytes in
    guard let start = bytes.baseAddress else { return false }
    return memchr(start, Int32(UInt8(ascii: " ")), bytes.count) != nil
  }
}
