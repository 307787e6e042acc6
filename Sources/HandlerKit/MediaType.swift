/// A media type and its parameters (RFC 9110 §8.3.1), such as `application/json; charset=utf-8`.
struct MediaType: Equatable {
  /// `type/subtype`, in lower case.
  let name: String
  /// Names and values in lower case, without quotes.
  let parameters: [String: String]

  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
    guard let name = parts.first, name.contains("/") else { return nil }
    var parameters: [String: String] = [:]
    for part in parts.dropFirst() where !part.isEmpty {
      let pair = part.split(separator: "=", maxSplits: 1).map(trimmed)
      guard pair.count == 2 else { return nil }
      parameters[pair[0].lowercased()] = pair[1].lowercased().filter { $0 != "\"" }
    }
    self.name = name.lowercased()
    self.parameters = parameters
  }
}

private func trimmed(_ text: some StringProtocol) -> String {
  let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
  let start = text.drop(while: isBlank)
  return String(start.reversed().drop(while: isBlank).reversed())
}
