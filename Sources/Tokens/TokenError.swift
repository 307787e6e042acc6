/// Why a token is refused.
public enum TokenError: Error, Equatable, Sendable {
  /// Not a token of ours by its form: parts, encoding, header or claims.
  case malformed
  /// A token of the other kind, such as a refresh token where an access token belongs.
  case otherType
  /// No key of ours made this signature.
  case invalidSignature
  case expired
}
