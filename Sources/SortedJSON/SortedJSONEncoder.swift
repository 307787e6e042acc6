public import FoundationEssentials

/// Encodes values as JSON with sorted keys, so that equal values give equal bytes in every process.
///
/// These are the bytes that Foundation's encoder gives, which makes objects of all values before it
/// writes them. This one writes what most values are made of straight away, and leaves a value with
/// anything else in it to Foundation: data and URLs, `Float`, texts to be escaped, nested containers.
public struct SortedJSONEncoder: Sendable {
  private let foundation: JSONEncoder
  private let datesAreSeconds: Bool

  public init(dates: JSONEncoder.DateEncodingStrategy = .secondsSince1970) {
    foundation = JSONEncoder()
    foundation.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    foundation.dateEncodingStrategy = dates
    datesAreSeconds = if case .secondsSince1970 = dates { true } else { false }
  }

  /// - Throws: `EncodingError` for a value that is not of JSON, such as a number that is infinite;
  ///   what the value throws.
  public func encode(_ value: some Encodable) throws -> [UInt8] {
    let writer = PlainWriter(datesAreSeconds: datesAreSeconds)
    if (try? writer.write(value)) != nil, writer.isComplete { return writer.bytes }
    return try [UInt8](foundation.encode(value))
  }
}
