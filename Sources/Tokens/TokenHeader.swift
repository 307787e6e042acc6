import ForeignInput

/// What counts of a token's header (RFC 7515 §4.1). A value that is not text counts as missing.
struct TokenHeader {
  let alg: ForeignText?
  let kid: ForeignText?
  let typ: ForeignText?
  /// Whether there is anything else in it. Nothing else is ever acted on, so it is refused.
  let hasOthers: Bool

  private static let longest = 512

  /// `nil` for what is no JSON object, has a name twice, or is too long to be one of ours.
  init?(encoded: ArraySlice<UInt8>) {
    guard encoded.count <= Self.longest, let data = Base64URL.decode(encoded),
      let fields = StrictJSON.object(data)
    else { return nil }
    alg = fields["alg"]?.text
    kid = fields["kid"]?.text
    typ = fields["typ"]?.text
    hasOthers = fields.keys.contains { !["alg", "kid", "typ"].contains($0) }
  }
}
