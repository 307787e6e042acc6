struct PlainMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let writer: PlainWriter
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) throws {
    try writer.writeMember(key) { writer.writeNull() }
  }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try writer.writeMember(key) { try writer.write(value) }
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey _: Key
  ) -> KeyedEncodingContainer<Nested> { writer.giveUp().container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey _: Key) -> any UnkeyedEncodingContainer {
    writer.giveUp().unkeyedContainer()
  }

  func superEncoder() -> any Encoder { writer.giveUp() }

  func superEncoder(forKey _: Key) -> any Encoder { writer.giveUp() }
}

struct PlainElements: UnkeyedEncodingContainer {
  let writer: PlainWriter
  var codingPath: [any CodingKey] { [] }
  private(set) var count = 0

  init(writer: PlainWriter) { self.writer = writer }

  mutating func encodeNil() throws {
    try writer.writeElement { writer.writeNull() }
    count += 1
  }

  mutating func encode<T: Encodable>(_ value: T) throws {
    try writer.writeElement { try writer.write(value) }
    count += 1
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> { writer.giveUp().container(keyedBy: type) }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    writer.giveUp().unkeyedContainer()
  }

  func superEncoder() -> any Encoder { writer.giveUp() }
}

struct PlainValue: SingleValueEncodingContainer {
  let writer: PlainWriter
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { writer.writeNull() }

  func encode<T: Encodable>(_ value: T) throws { try writer.write(value) }
}
