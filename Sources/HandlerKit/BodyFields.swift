import FoundationEssentials
import HTTPTypes

/// The named fields of a `POST` body, from JSON or from a form.
public struct BodyFields: Sendable {
  private let values: [String: Value]

  private enum Value: Decodable {
    case string(String)
    case other

    init(from decoder: any Decoder) throws {
      let text = try? decoder.singleValueContainer().decode(String.self)
      self = text.map(Value.string) ?? .other
    }
  }

  /// The field's text; `nil` where it is missing or is not a string.
  public subscript(name: String) -> String? {
    guard case .string(let text) = values[name] else { return nil }
    return text
  }

  /// Whether the field is there, as a string or as anything else but `null`.
  public func contains(_ name: String) -> Bool {
    values[name] != nil
  }

  /// Reads the body of `request`, in UTF-8 without a byte order mark.
  ///
  /// An empty body has no fields. Fields that nobody asks for are ignored.
  /// - Throws: 415 for another type, character set or content encoding; 400 with `message` for
  ///   a body that cannot be parsed.
  public init(of request: Request, unparsable message: String) throws(HTTPError) {
    let type = request.headers[.contentType].flatMap { MediaType($0) }
    guard let type, type.parameters["charset", default: "utf-8"] == "utf-8",
      (request.headers[.contentEncoding] ?? "identity").lowercased() == "identity"
    else { throw .unsupportedMediaType }

    let values: [String: Value]?
    switch type.name {
    case "application/json": values = Self.json(request.body)
    case "application/x-www-form-urlencoded": values = Self.form(request.body)
    default: throw .unsupportedMediaType
    }
    guard let values else { throw .badRequest(message) }
    self.values = values
  }

  /// Whether the request says that its body is JSON.
  public static func isJSON(_ request: Request) -> Bool {
    request.headers[.contentType].flatMap { MediaType($0) }?.name == "application/json"
  }

  /// `JSONDecoder` would guess UTF-16 and UTF-32 as well, so UTF-8 is made sure of first.
  private static func json(_ body: [UInt8]) -> [String: Value]? {
    if body.isEmpty { return [:] }
    guard String(validating: body, as: UTF8.self) != nil, !body.starts(with: [0xEF, 0xBB, 0xBF]),
      !body.contains(0)
    else { return nil }
    return try? JSONDecoder().decode([String: Value?].self, from: Data(body)).compactMapValues {
      $0
    }
  }

  /// `application/x-www-form-urlencoded` as the URL Standard §5.1 parses it, but that a broken
  /// escape, broken UTF-8 or a name given twice makes the whole body unreadable.
  private static func form(_ body: [UInt8]) -> [String: Value]? {
    var values: [String: Value] = [:]
    for pair in body.split(separator: UInt8(ascii: "&")) {
      let halves = pair.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = formDecoded(halves[0]),
        let value = formDecoded(halves.count == 2 ? halves[1] : []),
        values.updateValue(.string(value), forKey: name) == nil
      else { return nil }
    }
    return values
  }
}

private func formDecoded(_ bytes: ArraySlice<UInt8>) -> String? {
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
  return String(validating: decoded, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
}
