import BoundedCache

/// The answers of a route, each encoded once for as long as it says the same.
public final class EncodedResponses<Value: Encodable & Equatable & Sendable>: Sendable {
  private let kept = BoundedCache<String, (value: Value, response: Response)>(limit: 512)

  public init() {}

  /// `value` as `Response.json` has it.
  /// - Parameter key: what the value is of, such as a user's id; the latest answer of each is kept.
  /// - Throws: `EncodingError`
  public func json(_ value: Value, of key: String) throws -> Response {
    if let kept = kept[key], kept.value == value { return kept.response }
    let response = try Response.json(value).encodedOnce
    kept[key] = (value, response)
    return response
  }
}
