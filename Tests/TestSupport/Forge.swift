import Crypto
public import Foundation
public import Tokens

/// Makes tokens of one kind with any header and any claims, and signs them rightly, so that only
/// what a test changes is wrong with them.
public struct Forge: Sendable {
  public enum Kind: CaseIterable, Sendable {
    case access, refresh
  }

  public static let now = 1_800_000_000
  /// Chosen so that its base64url has both characters that the standard alphabet spells otherwise.
  public static let keyID = "???>>>"

  public let kind: Kind
  public let issuer: TokenIssuer
  public let secret: String

  public static func both(audience: String? = nil) async throws -> [Forge] {
    let secrets: [Kind: String] = [
      .access: "forge access secret RcLL582Px6Lz8J7vGZTVScX7XaCwHbUOZzW1",
      .refresh: "forge refresh secret PYjRKd05OBLOdHah4eFyuwhu6VietRYNUBEa",
    ]
    func key(_ kind: Kind) throws -> KeySecret {
      try KeySecret(id: keyID, bytes: Array(secrets[kind, default: ""].utf8))
    }
    let issuer = TokenIssuer(
      access: try KeyRing(KeySet(signing: key(.access))),
      refresh: try KeyRing(KeySet(signing: key(.refresh))),
      audience: audience)
    return Kind.allCases.map { kind in
      Forge(kind: kind, issuer: issuer, secret: secrets[kind, default: ""])
    }
  }

  /// Why the issuer refuses `token` as one of this kind; `nil` where it admits it.
  public func refusal(of token: String, at seconds: Int = now) -> TokenError? {
    let time = Date(timeIntervalSince1970: TimeInterval(seconds))
    do {
      switch kind {
      case .access: _ = try issuer.verifyAccessToken(token, at: time)
      case .refresh: _ = try issuer.verifyRefreshToken(token, at: time)
      }
      return nil
    } catch {
      return error
    }
  }

  /// A good token but for the given changes: JSON by field name, `nil` to leave the field out.
  public func token(header: [String: String?] = [:], claims: [String: String?] = [:]) -> String {
    signed("\(encodedHeader(header)).\(encodedClaims(claims))")
  }

  public func encodedHeader(_ changes: [String: String?] = [:]) -> String {
    let typ = kind == .access ? #""at+jwt""# : #""rt+jwt""#
    return Self.encode(
      Self.object(["alg": #""HS256""#, "kid": #""\#(Self.keyID)""#, "typ": typ], changes))
  }

  public func encodedClaims(_ changes: [String: String?] = [:]) -> String {
    var claims = [
      "sub": #""u1""#, "sid": #""s1""#, "jti": #""???>>>""#, "iss": #""postern""#,
      "iat": "\(Self.now)", "exp": "\(Self.now + 900)",
    ]
    if kind == .access { claims["user"] = #"{"id":"u1","email":"a@example.com","username":"a"}"# }
    return Self.encode(Self.object(claims, changes))
  }

  /// `input` and its HS256 signature, by our secret unless another is given.
  public func signed(_ input: String, secret other: String? = nil) -> String {
    let key = SymmetricKey(data: Data((other ?? secret).utf8))
    let code = HMAC<SHA256>.authenticationCode(for: Data(input.utf8), using: key)
    return "\(input).\(Self.encode(Data(code)))"
  }

  public static func encode(_ text: String) -> String { encode(Data(text.utf8)) }

  public static func encode(_ data: Data) -> String {
    data.base64EncodedString()
      .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
  }

  private static func object(_ fields: [String: String], _ changes: [String: String?]) -> String {
    let fields = changes.reduce(into: fields) { fields, change in
      fields[change.key] = change.value
    }
    let pairs = fields.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }
    return "{\(pairs.joined(separator: ","))}"
  }
}
