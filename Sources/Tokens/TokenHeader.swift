import FoundationEssentials

/// What counts of a token's header (RFC 7515 §4.1). A value that is not text counts as missing.
struct TokenHeader {
  let alg: String?
  let kid: String?
  let typ: String?
  /// Whether there is anything else in it. Nothing else is ever acted on, so it is refused.
  let hasOthers: Bool

  private static let longest = 512

  /// `nil` for what is no JSON object, or too long to be one of ours.
  init?(encoded: ArraySlice<UInt8>) {
    guard encoded.count <= Self.longest, let data = Base64URL.decode(encoded),
      let fields = try? JSONDecoder().decode([String: Field].self, from: data)
    else { return nil }
    alg = fields["alg"]?.text
    kid = fields["kid"]?.text
    typ = fields["typ"]?.text
    hasOthers = fields.keys.contains { !["alg", "kid", "typ"].contains($0) }
  }

  private struct Field: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
      text = try? decoder.singleValueContainer().decode(String.self)
    }
  }
}
