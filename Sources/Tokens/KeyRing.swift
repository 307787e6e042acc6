public import ForeignInput
import FoundationEssentials

/// The keys for one kind of token, each bound to its id and its algorithm.
public struct KeyRing<Claims: TokenClaims>: Sendable {
  /// The newest first.
  private let keys: [SigningKey<Claims>]
  private let indices: [ForeignText: Int]

  public init(_ keys: KeySet) throws {
    self.keys = try keys.keys.map { try SigningKey($0) }
    indices = Dictionary(
      self.keys.enumerated().map { (ForeignText($0.element.id), $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The token of `claims` (RFC 7515 §5.1), by the key that signs at their `iat`: the same claims
  /// give the same bytes also after a newer key has begun to sign. With HS256 alone; signatures of
  /// others are random.
  public func sign(_ claims: Claims) throws -> String {
    let index = keys.signerIndex(at: claims.iat)
    let input =
      try keys[index].encodedHeader + "." + Base64URL.encode(TokenCoders.encoder.encode(claims))
    return input + "." + (try keys[index].signer.encodedSignature(of: Array(input.utf8)))
  }

  /// The claims of `token`, if a key of this ring signed it as a token of this kind.
  /// Says nothing about its times, nor whether the key has ended.
  public func verify(_ token: ForeignText) throws(TokenError) -> Claims {
    try verified(token).claims
  }

  /// As `verify`, with the end of the key.
  ///
  /// Nothing but the header is parsed before the signature holds, and of the header only `alg`,
  /// `kid` and `typ` count: `alg` must be the one that the key was made for (RFC 8725 §3.1).
  func verified(_ token: ForeignText) throws(TokenError) -> VerifiedClaims<Claims> {
    let token = try CompactToken(token)
    let index: Int
    if let known = keys.firstIndex(where: {
      token.encodedHeader.elementsEqual($0.encodedHeader.utf8)
    }) {
      index = known
      try check(token, by: known)
    } else {
      index = try checkForeign(token)
    }
    guard let payload = Base64URL.decode(token.encodedPayload),
      let claims = try? TokenCoders.decoder.decode(Claims.self, from: Data(payload)),
      // What is, to the byte, what we write ourselves has no other reading.
      (try? TokenCoders.encoder.encode(claims)) == payload || StrictJSON.isReadable(payload)
    else { throw .malformed }
    return VerifiedClaims(claims: claims, keyEndsAt: keys[index].verifiesUntil ?? .max)
  }

  /// Checks a token whose header is not, to the byte, one that our keys write.
  /// - Returns: the index of its key.
  private func checkForeign(_ token: CompactToken) throws(TokenError) -> Int {
    guard let header = TokenHeader(encoded: token.encodedHeader) else { throw .malformed }
    let type = ForeignText(Claims.type)
    if header.typ != type, knownTypes.contains(where: { header.typ == $0 }) { throw .otherType }
    guard let index = header.kid.flatMap({ indices[$0] }),
      header.alg == keys[index].algorithmName
    else { throw .invalidSignature }
    try check(token, by: index)
    guard header.typ == type, !header.hasOthers else { throw .malformed }
    return index
  }

  private func check(_ token: CompactToken, by index: Int) throws(TokenError) {
    guard let signature = Base64URL.decode(token.encodedSignature),
      keys[index].signer.isSignature(signature, of: token.signingInput)
    else { throw .invalidSignature }
  }

  /// What others need to verify these tokens at `time`; nothing of keys of HS256.
  func publicKeys(at time: NumericDate) -> PublicKeys {
    PublicKeys(keys: keys.filter { !$0.hasEnded(at: time) }.compactMap(PublicKeys.Key.init))
  }
}

/// The claims of a token that a key of ours signed.
struct VerifiedClaims<Claims: TokenClaims>: Sendable {
  let claims: Claims
  /// When the key ends, and the token with it.
  let keyEndsAt: NumericDate
}

private let knownTypes = [AccessClaims.type, BrowserClaims.type, RefreshClaims.type].map {
  ForeignText($0)
}
