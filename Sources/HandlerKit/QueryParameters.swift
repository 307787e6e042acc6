import ForeignInput

/// The parameters of a request's query, by their names.
public struct QueryParameters: Sendable {
  let pairs: [ForeignText: ForeignText]

  /// The value, percent-decoded and with `+` as a space; `nil` where there is none.
  public subscript(name: String) -> String? {
    pairs[ForeignText(name)].map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// The value as a number or any other type that is made from a text; `nil` where there is none.
  /// - Throws: 400 for a value that does not fit.
  public func value<Value: LosslessStringConvertible>(
    _ name: String, as type: Value.Type = Value.self
  ) throws(HTTPError) -> Value? {
    guard let text = self[name] else { return nil }
    guard let value = Value(text) else { throw .invalidQuery }
    return value
  }

  /// All of them as a value of a type of your own, as `Request.decode(_:)` reads a form.
  /// - Throws: 400 for parameters that do not fit.
  public func decode<Value: Decodable>(_ type: Value.Type) throws(HTTPError) -> Value {
    try Request.fitting(HTTPError.invalidQuery.message) {
      try FormDecoder.decode(type, from: pairs)
    }
  }
}

extension Request {
  /// The parameters of the query.
  ///
  /// ```swift
  /// let page = try request.queryParameters.value("page", as: Int.self) ?? 1
  /// ```
  /// - Throws: 400 for a broken escape, for what is not UTF-8, and for a name that comes twice.
  public var queryParameters: QueryParameters {
    get throws(HTTPError) {
      guard let pairs = formPairs(ForeignText(latin1: query).bytes) else { throw .invalidQuery }
      return QueryParameters(pairs: pairs)
    }
  }
}

extension Request {
  /// The values of a parameter that may come more than once, in their order, where the query may have
  /// no other.
  /// - Throws: 400 for any other parameter, a broken escape, and for what is not UTF-8.
  public func queryValues(ofNothingBut name: ForeignText) throws(HTTPError) -> [String] {
    if query.isEmpty { return [] }
    guard let pairs = formPairList(ForeignText(latin1: query).bytes),
      pairs.allSatisfy({ $0.name == name })
    else { throw .invalidQuery }
    return pairs.map { String(decoding: $0.value.bytes, as: UTF8.self) }
  }
}

extension HTTPError {
  /// 400: the query does not fit what the route takes.
  public static let invalidQuery = badRequest("The query is not valid")
}
