import CSodium

/// Base64 without padding, by libsodium.
enum Base64 {
  case standard
  /// With the alphabet for URLs and file names (RFC 4648 §5).
  case url

  /// `nil` for anything but the one spelling of some bytes.
  func decoded(_ text: some StringProtocol) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: text.utf8.count)
    var count = 0
    let result = sodium_base642bin(
      &bytes, bytes.count, String(text), text.utf8.count, nil, &count, nil, variant)
    return result == 0 ? Array(bytes.prefix(count)) : nil
  }

  func encoded(_ bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: sodium_base64_encoded_len(bytes.count, variant))
    sodium_bin2base64(&text, text.count, bytes, bytes.count, variant)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
  }

  private var variant: Int32 {
    switch self {
    case .standard: sodium_base64_VARIANT_ORIGINAL_NO_PADDING
    case .url: sodium_base64_VARIANT_URLSAFE_NO_PADDING
    }
  }
}

func randomBytes(_ count: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  randombytes_buf(&bytes, count)
  return bytes
}
