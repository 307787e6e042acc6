import FoundationEssentials
import Glibc

/// Writes values into bytes as they come, and the members of an object in order at its end.
///
/// Used within one call alone, so nobody can change the bytes while they are written: checking that
/// at each byte would be a third of the time.
final class PlainWriter: Encoder {
  @exclusivity(unchecked) private(set) var bytes: [UInt8] = []
  /// Whether nothing was asked for that this cannot do.
  private(set) var isComplete = true

  private let datesAreSeconds: Bool
  /// What the value that is being written is.
  @exclusivity(unchecked) private var shape: Shape?
  /// The members of the objects that are being written, those of the innermost last.
  @exclusivity(unchecked) private var members: [Member] = []

  private enum Shape {
    case object, array, single
  }

  /// Where a member stands, from the comma before it to the end of its value.
  private struct Member {
    let start: Int
    let end: Int
    /// Without its quotes.
    let key: Range<Int>
  }

  struct NotPlain: Error {}

  init(datesAreSeconds: Bool) {
    self.datesAreSeconds = datesAreSeconds
    bytes.reserveCapacity(512)
  }

  // MARK: - Values

  func write<T: Encodable>(_ value: T) throws {
    // The types are compared first, since a cast asks for more.
    if T.self == String.self, let text = value as? String { return try write(text) }
    if T.self == Int.self, let number = value as? Int { return write(number) }
    if T.self == Bool.self, let isTrue = value as? Bool { return write(isTrue) }
    if T.self == Double.self, let number = value as? Double { return try write(number) }
    if T.self == Date.self, datesAreSeconds, let date = value as? Date {
      return try write(date.timeIntervalSince1970)
    }
    guard !Self.isLeft(T.self) else { throw notPlain() }
    try writeParts(of: value)
  }

  /// What Foundation's encoder writes otherwise than the type itself does, and the other numbers.
  private static func isLeft<T>(_ type: T.Type) -> Bool {
    type == Date.self || type == Data.self || type == URL.self || type == Decimal.self
      || type == Float.self || type == Int8.self || type == Int16.self || type == Int32.self
      || type == Int64.self || type == Int128.self || type == UInt.self || type == UInt8.self
      || type == UInt16.self || type == UInt32.self || type == UInt64.self || type == UInt128.self
  }

  private func writeParts(of value: some Encodable) throws {
    let (outerShape, firstMember, start) = (shape, members.count, bytes.count)
    shape = nil
    do {
      try value.encode(to: self)
    } catch {
      // The value around it may go on all the same.
      isComplete = false
      throw error
    }
    switch shape {
    case .object:
      sortMembers(from: firstMember, at: start)
      close(start, "{", "}")
    case .array: close(start, "[", "]")
    case .single: break
    case nil: throw notPlain()
    }
    shape = outerShape
  }

  private func write(_ text: String) throws {
    var text = text
    let isPlain = text.withUTF8 { utf8 in
      bytes.append(UInt8(ascii: "\""))
      bytes.append(contentsOf: utf8)
      bytes.append(UInt8(ascii: "\""))
      return utf8.allSatisfy {
        $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
      }
    }
    guard isPlain else { throw notPlain() }
  }

  private func write(_ number: Int) { bytes.append(contentsOf: String(number).utf8) }

  private func write(_ isTrue: Bool) { bytes.append(contentsOf: (isTrue ? "true" : "false").utf8) }

  private func write(_ number: Double) throws {
    guard number.isFinite else { throw notPlain() }
    let text = number.description
    bytes.append(contentsOf: text.utf8)
    if text.hasSuffix(".0") { bytes.removeLast(2) }
  }

  private func notPlain() -> NotPlain {
    isComplete = false
    return NotPlain()
  }

  func writeNull() { bytes.append(contentsOf: "null".utf8) }

  // MARK: - Objects and arrays

  func writeMember(_ key: some CodingKey, _ value: () throws -> Void) throws {
    let start = bytes.count
    bytes.append(UInt8(ascii: ","))
    try write(key.stringValue)
    let key = (start + 2)..<(bytes.count - 1)
    bytes.append(UInt8(ascii: ":"))
    try value()
    members.append(Member(start: start, end: bytes.count, key: key))
  }

  func writeElement(_ value: () throws -> Void) throws {
    bytes.append(UInt8(ascii: ","))
    try value()
  }

  /// Each part has a comma before it, the first one too.
  private func close(_ start: Int, _ open: Unicode.Scalar, _ end: Unicode.Scalar) {
    if bytes.count == start { bytes.append(0) }
    bytes[start] = UInt8(ascii: open)
    bytes.append(UInt8(ascii: end))
  }

  private func sortMembers(from first: Int, at start: Int) {
    defer { members.removeLast(members.count - first) }
    guard !isInOrder(members[first...]) else { return }
    let sorted = members[first...].sorted(by: isInOrder)
    // Foundation keeps the last of two members of one key.
    if !isInOrder(sorted[...]) { isComplete = false }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count - start)
    for member in sorted { text.append(contentsOf: bytes[member.start..<member.end]) }
    bytes.replaceSubrange(start..., with: text)
  }

  private func isInOrder(_ members: ArraySlice<Member>) -> Bool {
    var others = members.indices.dropFirst()
    while let index = others.popFirst() {
      guard isInOrder(members[index - 1], members[index]) else { return false }
    }
    return true
  }

  private func isInOrder(_ one: Member, _ other: Member) -> Bool {
    bytes.withUnsafeBytes { bytes in
      let length = min(one.key.count, other.key.count)
      let order = memcmp(
        bytes.baseAddress! + one.key.lowerBound, bytes.baseAddress! + other.key.lowerBound, length)
      return order == 0 ? one.key.count < other.key.count : order < 0
    }
  }

  // MARK: - Encoder

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
    begin(.object)
    return KeyedEncodingContainer(PlainMembers(writer: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    begin(.array)
    return PlainElements(writer: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    begin(.single)
    return PlainValue(writer: self)
  }

  private func begin(_ shape: Shape) {
    if self.shape != nil { isComplete = false }
    self.shape = shape
  }

  /// For what cannot throw. Nothing counts of what is written after that.
  func giveUp() -> PlainWriter {
    isComplete = false
    return PlainWriter(datesAreSeconds: datesAreSeconds)
  }
}
