public import ForeignInput
import HTTPTypes

/// The named fields of a `POST` body, from JSON or from a form.
public struct BodyFields: Sendable {
  private let values: [ForeignText: StrictJSON.Value]

  /// The field's text; `nil` where it is missing or is not a string.
  public subscript(name: ForeignText) -> ForeignText? {
    values[name]?.text
  }

  /// Whether the field is there, as a string or as anything else but `null`.
  public func contains(_ name: ForeignText) -> Bool {
    values[name] != nil
  }

  /// Reads the body of `request`, in UTF-8 without a byte order mark.
  ///
  /// An empty body has no fields. Fields that nobody asks for are ignored.
  /// - Throws: 415 for another type, character set or content encoding; 400 with `message` for
  ///   a body that cannot be parsed, or has a field twice.
  public init(of request: Request, unparsable message: String) throws(HTTPError) {
    let type = MediaType(ofBody: request)
    guard let type, type.parameters["charset", default: "utf-8"] == "utf-8",
      (request.header(.contentEncoding) ?? "identity").bytes.lowercasedASCII
        .elementsEqual("identity".utf8)
    else { throw .unsupportedMediaType }

    let values: [ForeignText: StrictJSON.Value]?
    switch type.name {
    case "application/json":
      values = request.body.isEmpty ? [:] : StrictJSON.object(request.body)
    case "application/x-www-form-urlencoded": values = Self.form(request.body)
    default: throw .unsupportedMediaType
    }
    guard let values else { throw .badRequest(message) }
    self.values = values.filter { $0.value != .null }
  }

  /// Whether the request says that its body is JSON.
  public static func isJSON(_ request: Request) -> Bool {
    MediaType(ofBody: request)?.name == "application/json"
  }

  /// `application/x-www-form-urlencoded` as the URL Standard §5.1 parses it, but that a broken
  /// escape, broken UTF-8 or a name given twice makes the whole body unreadable.
  private static func form(_ body: [UInt8]) -> [ForeignText: StrictJSON.Value]? {
    var values: [ForeignText: StrictJSON.Value] = [:]
    for pair in body.parts(between: "&") where !pair.isEmpty {
      let halves = pair.parts(between: "=", atMost: 2)
      guard let name = formDecoded(halves[0]),
        let value = formDecoded(halves.count == 2 ? halves[1] : []),
        values.updateValue(.text(value), forKey: name) == nil
      else { return nil }
    }
    return values
  }
}

private func formDecoded(_ bytes: ArraySlice<UInt8>) -> ForeignText? {
  var decoded: [UInt8] = []
  decoded.reserveCapacity(bytes.count)
  var rest = bytes
  while let byte = rest.popFirst() {
    switch byte {
    case UInt8(ascii: "+"):
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
