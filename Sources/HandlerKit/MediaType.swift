import ForeignInput
import HTTPTypes

/// A media type and its parameters (RFC 9110 §8.3.1), such as `application/json; charset=utf-8`.
struct MediaType: Equatable {
  /// `type/subtype`, in lower case.
  let name: ForeignText
  /// Names and values in lower case, without quotes.
  let parameters: [ForeignText: ForeignText]

  /// `nil` for what has no such form, or a parameter twice.
  init?(_ text: some BidirectionalCollection<UInt8>) {
    let parts = Array(text).parts(between: ";").map(\.withoutOuterBlanks)
    guard let name = parts.first, name.contains(UInt8(ascii: "/")) else { return nil }
    var parameters: [ForeignText: ForeignText] = [:]
    for part in parts.dropFirst() where !part.isEmpty {
      let pair = part.parts(between: "=", atMost: 2).map(\.withoutOuterBlanks.lowercasedASCII)
      guard pair.count == 2, !pair[0].isEmpty, !pair[1].isEmpty else { return nil }
      guard let value = Self.unquoted(pair[1]),
        parameters.updateValue(value, forKey: ForeignText(pair[0])) == nil
      else { return nil }
    }
    self.name = ForeignText(name.lowercasedASCII)
    self.parameters = parameters
  }

  /// A token, or what is between two quotation marks; `nil` where these are anywhere else.
  private static func unquoted(_ value: [UInt8]) -> ForeignText? {
    let mark = UInt8(ascii: "\"")
    let isQuoted = value.count > 1 && value.first == mark && value.last == mark
    let inner = isQuoted ? value[1..<(value.count - 1)] : value[...]
    return inner.contains(mark) ? nil : ForeignText(inner)
  }

  /// The type that `request` says its body has.
  init?(ofBody request: Request) {
    guard let text = request.header(.contentType) else { return nil }
    self.init(text.bytes)
  }
}
