public import ForeignInput
public import HTTPTypes

/// The header fields of a request as they arrived: in one block of bytes, where each is found when it
/// is asked for.
public struct ReceivedHeaders: Sendable {
  /// Where a `NAME=value` of CGI lies in the block. Those that start with `HTTP_` are header fields,
  /// their names in any case and with `_` for `-` (RFC 3875 §4.1.18), and so is `CONTENT_TYPE`.
  public struct Field: Sendable {
    private let start, nameEnd, end: UInt32

    /// - Precondition: the block is smaller than 4 GiB.
    public init(start: Int, nameLength: Int, end: Int) {
      self.start = UInt32(start)
      self.nameEnd = UInt32(start + nameLength)
      self.end = UInt32(end)
    }

    public var name: Range<Int> { Int(start)..<Int(nameEnd) }
    public var value: Range<Int> { Int(min(nameEnd + 1, end))..<Int(end) }
  }

  private let block: [UInt8]
  private let fields: [Field]

  public init(block: [UInt8], fields: [Field]) {
    self.block = block
    self.fields = fields
  }

  /// The value without the blanks around it; where there are several of this name, all of them as
  /// one list (RFC 9110 §5.3).
  public subscript(name: HTTPField.Name) -> ForeignText? {
    var first: ArraySlice<UInt8>?
    var list: [UInt8] = []
    for field in fields where isName(of: field, name) {
      let value = block[field.value].withoutOuterBlanks
      guard let known = first else {
        first = value
        continue
      }
      if list.isEmpty { list = Array(known) }
      list += (name == .cookie ? "; " : ", ").utf8
      list += value
    }
    return first.map { ForeignText(list.isEmpty ? Array($0) : list) }
  }

  /// All of them, but for those whose names no header can have, or none has in CGI.
  public var all: HTTPFields {
    var all = HTTPFields()
    for field in fields {
      guard let name = Self.headerName(field.name, in: block.span),
        !block[name].contains(UInt8(ascii: "-"))
      else { continue }
      let spelled = block[name].map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
      guard let name = HTTPField.Name(ForeignText(spelled).latin1) else { continue }
      all.append(HTTPField(name: name, value: ForeignText(block[field.value]).latin1))
    }
    return all
  }

  /// Where the name of a header field lies in the name of a parameter; `nil` where that is none.
  ///
  /// `HTTP_CONTENT_TYPE` and `HTTP_CONTENT_LENGTH` are copies that nginx sends besides.
  public static func headerName(_ name: Range<Int>, in bytes: Span<UInt8>) -> Range<Int>? {
    guard name.count > 5, bytes.is(name.prefix(5), "HTTP_") else {
      return bytes.is(name, "CONTENT_TYPE") ? name : nil
    }
    let header = name.dropFirst(5)
    guard
      header.count < 8 || !bytes.isHeader(header.prefix(8), "CONTENT_")
        || bytes.isHeader(header, "CONTENT_ENCODING")
    else { return nil }
    return header
  }

  private func isName(of field: Field, _ name: HTTPField.Name) -> Bool {
    let expected = name.canonicalName.utf8
    let count = field.name.count
    guard count == expected.count + 5 || count == 12, expected.count <= count else { return false }
    let bytes = block.span
    guard let header = Self.headerName(field.name, in: bytes), header.count == expected.count else {
      return false
    }
    var index = header.lowerBound
    for expected in expected {
      var byte = bytes[index]
      // CGI has no hyphen in a name: where a header may come once, this one would be a second.
      if byte == UInt8(ascii: "-") { return false }
      if byte == UInt8(ascii: "_") { byte = UInt8(ascii: "-") }
      if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte { byte |= 0x20 }
      guard byte == expected else { return false }
      index += 1
    }
    return true
  }
}

extension Span<UInt8> {
  /// Whether the bytes there are those of `text`.
  @inline(__always)
  package func `is`(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count where self[range.lowerBound + offset] != text.utf8Start[offset] {
      return false
    }
    return true
  }

  /// The same, in any case (RFC 9110 §5.1).
  /// - Parameter text: in capitals.
  package func isHeader(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count {
      let byte = self[range.lowerBound + offset]
      let isLowerCase = UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
      guard (isLowerCase ? byte & ~0x20 : byte) == text.utf8Start[offset] else { return false }
    }
    return true
  }
}
