import FoundationEssentials

/// A token's three parts as they were sent (RFC 7515 §7.1), and its header.
struct CompactToken {
  /// What the signature covers: the first two parts and the dot between them.
  let signingInput: Substring
  let header: Header
  let encodedPayload: Substring
  let encodedSignature: Substring

  /// Longer tokens are refused unread: ours have well under 1,500 bytes.
  private static let longest = 4096
  private static let longestHeader = 512

  struct Header {
    let alg: String?
    let kid: String?
    let typ: String?
    /// Whether there is anything else in it. Nothing else is ever acted on, so it is refused.
    let hasOthers: Bool
  }

  init(_ token: String) throws(TokenError) {
    guard token.utf8.count <= Self.longest else { throw .malformed }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].utf8.count <= Self.longestHeader,
      let header = Base64URL.decode(parts[0]).flatMap(Self.header)
    else { throw .malformed }
    self.header = header
    self.encodedPayload = parts[1]
    self.encodedSignature = parts[2]
    self.signingInput = token[..<parts[1].endIndex]
  }

  private static func header(_ data: Data) -> Header? {
    guard let fields = try? JSONDecoder().decode([String: Field].self, from: data) else {
      return nil
    }
    return Header(
      alg: fields["alg"]?.text, kid: fields["kid"]?.text, typ: fields["typ"]?.text,
      hasOthers: fields.keys.contains { !["alg", "kid", "typ"].contains($0) })
  }

  private struct Field: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
      text = try? decoder.singleValueContainer().decode(String.self)
    }
  }
}

/// Base64 for URLs without padding (RFC 7515 §2), in its one canonical spelling.
enum Base64URL {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString(options: [.base64URLAlphabet, .omitPaddingCharacter])
  }

  /// `nil` for every other spelling of the same bytes: padding, the standard alphabet, white
  /// space, or bits that do not count. So a token has one text.
  static func decode(_ text: Substring) -> Data? {
    var standard = text.replacing("-", with: "+").replacing("_", with: "/")
    while standard.utf8.count % 4 != 0 { standard += "=" }
    guard let data = Data(base64Encoded: String(standard)), encode(data) == text else { return nil }
    return data
  }
}
