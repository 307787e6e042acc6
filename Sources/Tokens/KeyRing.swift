public import ForeignInput
import FoundationEssentials

/// The keys for one kind of token: one that signs, and all that still verify.
public struct KeyRing<Claims: TokenClaims>: Sendable {
  private let signing: SigningKey<Claims>
  private let verifying: [ForeignText: SigningKey<Claims>]

  public init(_ keys: KeySet) throws {
    signing = try SigningKey(keys.signing)
    var verifying = [ForeignText(keys.signing.id): signing]
    for secret in keys.verifying {
      verifying[ForeignText(secret.id)] = try SigningKey(secret)
    }
    self.verifying = verifying
  }

  /// The token of `claims` (RFC 7515 §5.1). The same claims always give the same bytes.
  public func sign(_ claims: Claims) throws -> String {
    let input =
      try signing.encodedHeader + "." + Base64URL.encode(TokenCoders.encoder.encode(claims))
    return input + "." + Base64URL.encode(signing.signature(of: Array(input.utf8)[...]))
  }

  /// The claims of `token`, if a key of this ring signed it as a token of this kind.
  /// Says nothing about its times.
  ///
  /// Nothing but the header is parsed before the signature holds, and of the header only `alg`,
  /// `kid` and `typ` count: `alg` must be the one that the key was made for (RFC 8725 §3.1).
  public func verify(_ token: ForeignText) throws(TokenError) -> Claims {
    let token = try CompactToken(token)
    if token.encodedHeader.elementsEqual(signing.encodedHeader.utf8) {
      try check(token, by: signing)
    } else {
      try checkForeign(token)
    }
    guard let payload = Base64URL.decode(token.encodedPayload),
      let claims = try? TokenCoders.decoder.decode(Claims.self, from: Data(payload)),
      // What is, to the byte, what we write ourselves has no other reading.
      (try? TokenCoders.encoder.encode(claims)) == payload || StrictJSON.isReadable(payload)
    else { throw .malformed }
    return claims
  }

  /// Checks a token whose header is not, to the byte, the one that the signing key writes.
  private func checkForeign(_ token: CompactToken) throws(TokenError) {
    guard let header = TokenHeader(encoded: token.encodedHeader) else { throw .malformed }
    let type = ForeignText(Claims.type)
    if header.typ != type, knownTypes.contains(where: { header.typ == $0 }) { throw .otherType }
    guard let key = header.kid.flatMap({ verifying[$0] }),
      header.alg == ForeignText(SigningKey<Claims>.algorithm)
    else { throw .invalidSignature }
    try check(token, by: key)
    guard header.typ == type, !header.hasOthers else { throw .malformed }
  }

  private func check(_ token: CompactToken, by key: SigningKey<Claims>) throws(TokenError) {
    guard let signature = Base64URL.decode(token.encodedSignature),
      key.isSignature(signature, of: token.signingInput)
    else { throw .invalidSignature }
  }
}

private let knownTypes = [AccessClaims.type, BrowserClaims.type, RefreshClaims.type].map {
  ForeignText($0)
}
