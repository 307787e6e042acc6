import ForeignInput
import Foundation

@testable import Tokens

/// A letter, and then a token, or a header and a payload that get a right signature.
struct TokensTarget: FuzzTarget {
  static let name = "tokens"

  private let secrets: [KeySecret]
  private let issuer: TokenIssuer
  private let access: KeyRing<AccessClaims>
  private let refresh: KeyRing<RefreshClaims>
  private let browsers: KnownBrowsers
  private let issued: Set<ForeignText>

  init() throws {
    // The same each time, so that what is found can be tried again.
    func secret(_ id: String, _ algorithm: KeyAlgorithm = .hs256) throws -> KeySecret {
      let seed = Array("fuzz \(id) WFzy8zrg52XTLnK4Aa97MfFz40AnJgQyDxzm".utf8)
      return try KeySecret(id: id, algorithm: algorithm, bytes: Array(seed.prefix(32)))
    }
    secrets = [try secret("hs-a"), try secret("hs-r")]
    let others = try [secret("es-a", .es256), secret("ed-a", .ed25519)]
    access = try KeyRing(KeySet(signing: secrets[0], verifying: others))
    refresh = try KeyRing(KeySet(signing: secrets[1]))
    browsers = try KnownBrowsers(derivation: secrets[1])
    issuer = TokenIssuer(access: access, refresh: refresh)
    var issued: Set<ForeignText> = []
    for time in [now, now - 1000] {
      let tokens = try issuer.tokens(
        for: .init(id: "u1", email: "a@example.com", username: "alice"), groups: ["ops"],
        session: "s1", refresh: ("j1", 1_799_999_000, 1_802_000_000), at: time)
      issued.insert(ForeignText(tokens.accessToken))
      issued.insert(ForeignText(tokens.refreshToken ?? ""))
    }
    self.issued = issued
  }

  func seeds() -> [[UInt8]] {
    let headers = [
      #"{"alg":"HS256","kid":"hs-a","typ":"at+jwt"}"#,
      #"{"alg":"HS256","kid":"hs-r","typ":"rt+jwt"}"#,
      #"{"alg":"ES256","kid":"es-a","typ":"at+jwt","crit":["b64"]}"#,
    ]
    let claims = [
      #"{"exp":1800000900,"iat":1800000000,"iss":"postern","jti":"j","sid":"s","sub":"u","user":{"email":"e","id":"u","username":"n"},"groups":["a"]}"#,
      #"{"exp":1800000900,"iat":1800000000,"iss":"postern","jti":"j","nbf":1800000000,"sid":"s","sub":"u"}"#,
    ]
    let signed = ["a", "r"].flatMap { letter in
      headers.flatMap { header in claims.map { "\(letter)\(header)\n\($0)" } }
    }
    return signed.map { Array($0.utf8) } + issued.map { [UInt8(ascii: "t")] + $0.bytes }
      + [Array("bAQIDBA".utf8)]
  }

  let words = [
    "HS256", "ES256", "Ed25519", "none", "at+jwt", "rt+jwt", "device+jwt", "alg", "kid", "typ",
    "crit",
    "jwk", "hs-a", "hs-r", "es-a", "exp", "iat", "nbf", "iss", "aud", "sub", "sid", "jti",
    "postern",
    "9223372036854775807", "-9223372036854775808", "1e30", "1800000000", "\u{e9}", ".",
  ]

  func run(_ bytes: [UInt8]) throws {
    let rest = Array(bytes.dropFirst())
    switch bytes.first {
    case UInt8(ascii: "a"): try check(signed(rest, by: secrets[0]))
    case UInt8(ascii: "r"): try check(signed(rest, by: secrets[1]))
    case UInt8(ascii: "b"):
      if let decoded = Base64URL.decode(rest) {
        require(Array(Base64URL.encode(decoded).utf8) == rest, "two spellings of the same bytes")
      }
    default:
      let token = ForeignText(rest)
      let isAdmitted =
        (try? access.verify(token)) != nil || (try? refresh.verify(token)) != nil
        || (try? issuer.verifyAccessToken(token, at: now)) != nil
        || (try? issuer.verifyRepeatedRefreshToken(token, at: now)) != nil
      try require(!isAdmitted || isSigned(token), "a token that nobody signed")
      // Its key is derived, and whom it names is all that it says.
      _ = browsers.recognize(token, at: now)
    }
  }

  private func isSigned(_ token: ForeignText) throws -> Bool {
    let parts = token.bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3 else { return false }
    let input = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
    return try secrets.contains {
      try Signer($0).encodedSignature(of: input).utf8.elementsEqual(parts[2])
    }
  }

  private func signed(_ bytes: [UInt8], by secret: KeySecret) throws -> ForeignText {
    let lines = bytes.lines(2)
    let input = Base64URL.encode(lines[0]) + "." + Base64URL.encode(lines[1])
    return ForeignText(input + "." + (try Signer(secret).encodedSignature(of: Array(input.utf8))))
  }

  private func check(_ token: ForeignText) throws {
    if let claims = try? issuer.verifyAccessToken(token, at: now) {
      check(claims, token)
      require(claims.exp - claims.iat <= 900, "it lives too long")
      try require(
        access.verify(ForeignText(access.sign(claims))) == claims, "signed again it differs")
      require((try? refresh.verify(token)) == nil, "it is two kinds of token")
    }
    if let claims = try? issuer.verifyRefreshToken(token, at: now) {
      check(claims, token)
      try require(
        refresh.verify(ForeignText(refresh.sign(claims))) == claims, "signed again it differs")
      require(
        claims.isPastHalfItsLife(at: now) == claims.isPastHalfItsLife(at: now), "no one answer")
    }
  }

  private func check(_ claims: some TokenClaims, _ token: ForeignText) {
    require(claims.exp > 1_800_000_000 && claims.iat <= 1_800_000_005, "its time is not now")
    require(claims.iss == "postern", "it is another issuer's")
    let parts = token.bytes.split(separator: UInt8(ascii: "."))
    for part in parts.prefix(2) {
      guard let json = Base64URL.decode(part) else { fail("it has another spelling") }
      require(StrictJSON.isReadable(json), "it has two readings")
    }
  }
}
