import ForeignInput

/// `bytes` with each `%` and two hexadecimal digits as the byte that they stand for (RFC 3986 §2.1).
///
/// - Parameter plusIsSpace: as forms and queries have it (URL Standard §5.1); not in paths.
/// - Returns: `nil` for a broken escape, or where the result is not UTF-8.
func percentDecoded(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) -> ForeignText? {
  var decoded: [UInt8] = []
  decoded.reserveCapacity(bytes.count)
  var rest = bytes[...]
  while let byte = rest.popFirst() {
    switch byte {
    case UInt8(ascii: "+") where plusIsSpace:
      decoded.append(UInt8(ascii: " "))
    case UInt8(ascii: "%"):
      guard let high = rest.popFirst().flatMap(hexDigit),
        let low = rest.popFirst().flatMap(hexDigit)
      else { return nil }
      decoded.append(high << 4 | low)
    default:
      decoded.append(byte)
    }
  }
  return String(validating: decoded, as: UTF8.self) == nil ? nil : ForeignText(decoded)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
}

/// The pairs of a form or a query (URL Standard §5.1), by their names.
///
/// - Returns: `nil` for a broken escape, for what is not UTF-8, and for a name that comes twice:
///   parsers differ in which of the two values counts.
func formPairs(_ bytes: [UInt8]) -> [ForeignText: ForeignText]? {
  guard let list = formPairList(bytes) else { return nil }
  var values: [ForeignText: ForeignText] = [:]
  for pair in list where values.updateValue(pair.value, forKey: pair.name) != nil { return nil }
  return values
}

/// The same in their order, where names may come twice.
func formPairList(_ bytes: [UInt8]) -> [(name: ForeignText, value: ForeignText)]? {
  var pairs: [(name: ForeignText, value: ForeignText)] = []
  for pair in bytes.parts(between: "&") where !pair.isEmpty {
    let halves = pair.parts(between: "=", atMost: 2)
    guard let name = percentDecoded(halves[0], plusIsSpace: true),
      let value = percentDecoded(halves.count == 2 ? halves[1] : [], plusIsSpace: true)
    else { return nil }
    pairs.append((name, value))
  }
  return pairs
}
