import Crypto
public import ForeignInput
public import FoundationEssentials
import SystemCalls

/// What the name of a known browser says: that this browser has signed in as this user. Good for
/// nothing but a count of failed sign-ins of its own.
public struct BrowserClaims: TokenClaims {
  public static let type = "device+jwt"

  /// The user's id.
  public var sub: String
  /// The browser's name.
  public var jti: String
  /// The user's browser generation at that time.
  public var gen: Int
  public var iat: NumericDate
  public var exp: NumericDate
  public var nbf: NumericDate?
  public var iss: String
}

/// Names the browsers that have signed in (OWASP, "Slow Down Online Guessing Attacks with Device
/// Cookies").
public struct KnownBrowsers: Sendable {
  private let keys: KeyRing<BrowserClaims>
  private let issuer: String
  /// How long a name is good, in seconds: a year.
  public static let lifetime = 31_536_000

  /// - Parameter derivation: `KeyFile.derivation`. The names are signed by a key that is derived
  ///   from it, so that they can be taken for no token that the same secret signs.
  public init(derivation: KeySecret, issuer: String = "postern") throws {
    let secret = try KeySecret(
      id: derivation.id, bytes: derivation.derivedKey(for: "known browsers"))
    keys = try KeyRing(KeySet(signing: secret))
    self.issuer = issuer
  }

  /// The name to give to the browser that has just signed in.
  /// - Parameter known: what it has shown; where that is of the same user, it keeps its name.
  public func name(
    forUser id: String, generation: Int, known: BrowserClaims?, at time: Date
  ) throws -> String {
    let now = numericDate(time)
    let kept = known.flatMap { $0.sub == id ? $0.jti : nil }
    return try keys.sign(
      BrowserClaims(
        sub: id, jti: kept ?? System.randomID(), gen: generation,
        iat: now,
        exp: now + Self.lifetime, iss: issuer))
  }

  /// What `name` says; `nil` for one that is not ours or no longer good.
  public func recognize(_ name: ForeignText, at time: Date) -> BrowserClaims? {
    guard let claims = try? keys.verify(name), claims.iss == issuer, claims.exp > numericDate(time)
    else { return nil }
    return claims
  }
}

extension KeySecret {
  /// A key of 32 bytes for another purpose (HKDF, RFC 5869). Keys for different purposes tell
  /// nothing about each other or about this one.
  public func derivedKey(for purpose: String) -> [UInt8] {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: bytes), info: Array("postern \(purpose)".utf8),
      outputByteCount: 32
    ).withUnsafeBytes { Array($0) }
  }
}
