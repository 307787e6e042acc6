/// `bytes` with each `%` and two hexadecimal digits as the byte that they stand for (RFC 3986 §2.1).
///
/// - Parameter plusIsSpace: as forms and queries have it (URL Standard §5.1); not in paths.
/// - Returns: `nil` for a broken escape.
@inlinable
package func percentDecodedBytes(
  _ bytes: some Collection<UInt8>, plusIsSpace: Bool = false
) -> [UInt8]? {
  var decoded: [UInt8] = []
  decoded.reserveCapacity(bytes.count)
  var rest = bytes[...]
  while let byte = rest.popFirst() {
    switch byte {
    case UInt8(ascii: "+") where plusIsSpace:
      decoded.append(UInt8(ascii: " "))
    case UInt8(ascii: "%"):
      guard let high = rest.popFirst().flatMap(hexadecimalValue),
        let low = rest.popFirst().flatMap(hexadecimalValue)
      else { return nil }
      decoded.append(high << 4 | low)
    default:
      decoded.append(byte)
    }
  }
  return decoded
}

/// That of a digit, of either case.
@inlinable
package func hexadecimalValue(_ digit: UInt8) -> UInt8? {
  Character(UnicodeScalar(digit)).hexDigitValue.map(UInt8.init)
}

/// The same as text; `nil` also where that is not UTF-8.
package func percentDecodedText(_ text: some StringProtocol) -> String? {
  percentDecodedBytes(text.utf8).flatMap { String(validating: $0, as: UTF8.self) }
}
