import ForeignInput
import FoundationEssentials

extension Request {
  /// The body as a value of a type of your own, from JSON or from a form.
  ///
  /// ```swift
  /// struct NewNote: Decodable { let text: String; let due: Date?; let tags: [String] }
  /// let new = try request.decode(NewNote.self)
  /// ```
  /// JSON may nest; its dates are ISO 8601 texts. The fields of a form are single values: texts,
  /// numbers, `true` and `false`, ISO 8601 dates, and enumerations of these. An empty body has no
  /// fields. Fields that the type does not have are ignored.
  ///
  /// What `init(from:)` of the type throws is a body that does not fit, but for an `HTTPError`,
  /// which is the answer.
  /// - Parameter message: the text of the 400.
  /// - Throws: 415 for another type, character set or content encoding; 400 with `message` for
  ///   a body that cannot be parsed in one way alone, has a name of more than 256 bytes, or does not
  ///   fit the type.
  public func decode<Value: Decodable>(
    _ type: Value.Type, invalid message: String = HTTPError.invalidData.message
  ) throws(HTTPError) -> Value {
    switch try BodyType(of: self) {
    case .json:
      let json = body.isEmpty ? Array("{}".utf8) : body
      guard StrictJSON.isReadable(json, longestName: Self.longestName) else {
        throw .badRequest(message)
      }
      return try Self.fitting(message) { try JSONCoders.decoder.decode(type, from: Data(json)) }
    case .form:
      guard let pairs = formPairs(body) else { throw .badRequest(message) }
      return try Self.fitting(message) { try FormDecoder.decode(type, from: pairs) }
    }
  }

  /// In bytes. A name is hashed and compared as a `String`, whose cost may grow by the square of its
  /// length.
  static let longestName = 256

  static func fitting<Value>(
    _ message: String, _ decode: () throws -> Value
  ) throws(HTTPError) -> Value {
    do {
      return try decode()
    } catch let error as HTTPError {
      throw error
    } catch {
      throw .badRequest(message)
    }
  }
}
