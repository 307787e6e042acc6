public import FoundationEssentials

/// Seconds since 1970 in UTC, as a JWT counts time (RFC 7519 §2); whole ones only.
public typealias NumericDate = Int

/// The claims of one kind of token.
public protocol TokenClaims: Codable, Equatable, Sendable {
  /// The `typ` of this kind's header, which keeps one kind from passing for the other
  /// (RFC 8725 §3.11).
  static var type: String { get }

  var iat: NumericDate { get }
  var exp: NumericDate { get }
  /// Read where another issuer of the same key sets it; never set here.
  var nbf: NumericDate? { get }
  var iss: String { get }
}

/// What an access token says: who calls, and until when.
public struct AccessClaims: TokenClaims {
  /// The token type of RFC 9068 §2.1.
  public static let type = "at+jwt"

  /// The person, as existing clients read it out of the token.
  public struct User: Codable, Equatable, Sendable {
    public var id: String
    public var email: String
    public var username: String

    private enum CodingKeys: CodingKey {
      case email, id, username
    }

    public init(id: String, email: String, username: String) {
      self.id = id
      self.email = email
      self.username = username
    }
  }

  public var user: User
  /// The user's groups (RFC 9068 §2.2.3.1); `nil` where there are none.
  public var groups: [String]?
  /// The user's id.
  public var sub: String
  /// The id of the session that the token was issued to.
  public var sid: String
  public var jti: String
  public var iat: NumericDate
  public var exp: NumericDate
  public var nbf: NumericDate?
  public var iss: String
  public var aud: String?
  /// The client that the token was issued to; only where there is an audience. Then the token has
  /// all claims that RFC 9068 §2.2 asks for.
  public var clientID: String?

  /// As they stand in a token, so that nothing has to be sorted.
  private enum CodingKeys: String, CodingKey {
    case aud
    case clientID = "client_id"
    case exp, groups, iat, iss, jti, nbf, sid, sub, user
  }
}

/// What a refresh token says: which link of which session's chain it is.
public struct RefreshClaims: TokenClaims {
  public static let type = "rt+jwt"

  /// The user's id.
  public var sub: String
  /// The session's id.
  public var sid: String
  public var jti: String
  public var iat: NumericDate
  public var exp: NumericDate
  public var nbf: NumericDate?
  public var iss: String

  private enum CodingKeys: CodingKey {
    case exp, iat, iss, jti, nbf, sid, sub
  }
}

extension RefreshClaims {
  /// Whether at least half of the time from `iat` to `exp` is over.
  public func isPastHalfItsLife(at time: Date) -> Bool {
    2 * (numericDate(time) - iat) >= exp - iat
  }
}
