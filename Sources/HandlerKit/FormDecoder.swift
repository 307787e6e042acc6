import ForeignInput
import FoundationEssentials

/// Makes a `Decodable` value of named texts: a form, or a query.
///
/// Each field is one value. A list or a nested value does not fit.
struct FormDecoder: Decoder {
  let pairs: [ForeignText: ForeignText]
  let codingPath: [any CodingKey] = []
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  static func decode<Value: Decodable>(
    _ type: Value.Type, from pairs: [ForeignText: ForeignText]
  ) throws -> Value {
    // As in JSON: no name is too long to be compared, and no two are equal as `String`.
    let names = pairs.keys.compactMap { $0.string(limit: Request.longestName) }
    guard Set(names).count == pairs.count else { throw FormMismatch() }
    return try Value(from: FormDecoder(pairs: pairs))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(FormFields(decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw FormMismatch() }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw FormMismatch() }
}

/// A form that does not fit the type that is wanted.
struct FormMismatch: Error {}

private struct FormFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: FormDecoder
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] {
    decoder.pairs.keys.compactMap { Key(stringValue: String(decoding: $0.bytes, as: UTF8.self)) }
  }

  func contains(_ key: Key) -> Bool { decoder.pairs[ForeignText(key.stringValue)] != nil }

  /// A form has no null: a field that is there has a text, though it may be empty.
  func decodeNil(forKey key: Key) -> Bool { !contains(key) }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    guard let text = decoder.pairs[ForeignText(key.stringValue)] else { throw FormMismatch() }
    return try FormField(text: String(decoding: text.bytes, as: UTF8.self)).decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { throw FormMismatch() }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    throw FormMismatch()
  }

  func superDecoder() throws -> any Decoder { throw FormMismatch() }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw FormMismatch() }
}

/// One field's text, as the single value that it stands for.
private struct FormField: Decoder, SingleValueDecodingContainer {
  let text: String
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    throw FormMismatch()
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw FormMismatch() }
  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { false }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let value: Any?
    if type == Date.self {
      value = JSONCoders.date(text)
    } else if let type = type as? any LosslessStringConvertible.Type {
      value = type.init(text)
    } else {
      return try Value(from: self)
    }
    guard let value = value as? Value else { throw FormMismatch() }
    return value
  }
}
