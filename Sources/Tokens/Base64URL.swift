import FoundationEssentials

/// Base64 for URLs without padding (RFC 7515 §2), in its one canonical spelling.
enum Base64URL {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString(options: [.base64URLAlphabet, .omitPaddingCharacter])
  }

  /// `nil` for every other spelling of the same bytes: padding, the standard alphabet, white
  /// space, or bits that do not count. So a token has one text.
  static func decode(_ text: some Collection<UInt8>) -> Data? {
    var standard = Data(
      text.map { byte in
        switch byte {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        default: byte
        }
      })
    let padding = (4 - standard.count % 4) % 4
    standard.append(contentsOf: repeatElement(UInt8(ascii: "="), count: padding))
    guard let data = Data(base64Encoded: standard),
      data.base64EncodedData(options: [.base64URLAlphabet, .omitPaddingCharacter])
        .elementsEqual(text)
    else { return nil }
    return data
  }
}
