import ForeignInput

/// `bytes` percent-decoded, as `percentDecodedBytes` does.
///
/// - Returns: `nil` for a broken escape, or where the result is not UTF-8.
func percentDecoded(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) -> ForeignText? {
  guard let decoded = percentDecodedBytes(bytes, plusIsSpace: plusIsSpace),
    String(validating: decoded, as: UTF8.self) != nil
  else { return nil }
  return ForeignText(decoded)
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
