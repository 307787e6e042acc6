import FoundationEssentials
import SortedJSON

/// The JSON of the HTTP interface. Dates are ISO 8601 texts in UTC: `2027-01-15T08:00:00Z`.
enum JSONCoders {
  /// Sorts the keys, so that equal values give equal bytes.
  static let encoder = SortedJSONEncoder(dates: .iso8601)

  static let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      guard let date = date(try container.decode(String.self)) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date")
      }
      return date
    }
    return decoder
  }()

  /// Reads `2027-01-15T08:00:00Z`, with a fraction of a second or without; a browser's
  /// `Date.toISOString()` has one. Another time zone is written as `+01:00`.
  static func date(_ text: String) -> Date? {
    guard text.utf8.count <= longestDate else { return nil }
    return (try? Date(text, strategy: whole)) ?? (try? Date(text, strategy: fractional))
  }

  private static let whole = Date.ISO8601FormatStyle()
  private static let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  /// In bytes.
  private static let longestDate = 40
}
