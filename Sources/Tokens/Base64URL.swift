import CSodium
import FoundationEssentials

/// Base64 for URLs without padding (RFC 7515 §2), in its one canonical spelling.
enum Base64URL {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString(options: [.base64URLAlphabet, .omitPaddingCharacter])
  }

  /// `nil` for every other spelling of the same bytes: padding, the standard alphabet, white
  /// space, or bits that do not count. So a token has one text.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    let text = Array(text)
    // libsodium (1.0.18) takes bytes above 127 for "-" and "_".
    guard text.allSatisfy({ $0 < 0x80 }) else { return nil }
    var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 + 3)
    var count = 0
    let result = text.withUnsafeBytes { text in
      sodium_base642bin(
        &bytes, bytes.count, text.bindMemory(to: CChar.self).baseAddress, text.count, nil, &count,
        nil, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
    }
    return result == 0 ? Array(bytes.prefix(count)) : nil
  }
}
