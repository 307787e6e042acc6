public import ForeignInput
public import HTTPTypes

/// The header fields of a request as they arrived: names and values of one block of bytes, found
/// there when somebody asks for one.
public struct ReceivedHeaders: Sendable {
  /// Where a field lies in the block. The name may be spelled as CGI does it: in any case, and with
  /// `_` for `-` (RFC 3875 §4.1.18).
  public typealias Field = (name: Range<Int>, value: Range<Int>)

  private let block: [UInt8]
  private let fields: [Field]

  public init(block: [UInt8], fields: [Field]) {
    self.block = block
    self.fields = fields
  }

  /// The value without the blanks around it; where there are several of this name, all of them as one list
  /// (RFC 9110 §5.3).
  public subscript(name: HTTPField.Name) -> ForeignText? {
    var first: ArraySlice<UInt8>?
    var list: [UInt8] = []
    for field in fields where isName(field.name, name) {
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

  public func contains(_ name: HTTPField.Name) -> Bool {
    fields.contains { isName($0.name, name) }
  }

  /// All of them, but for those whose names no header can have.
  public var all: HTTPFields {
    var all = HTTPFields()
    for field in fields {
      let name = block[field.name].map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
      guard let name = HTTPField.Name(ForeignText(name).latin1) else { continue }
      all.append(HTTPField(name: name, value: ForeignText(block[field.value]).latin1))
    }
    return all
  }

  private func isName(_ range: Range<Int>, _ name: HTTPField.Name) -> Bool {
    let expected = name.canonicalName.utf8
    guard expected.count == range.count else { return false }
    let bytes = block.span
    var index = range.lowerBound
    for expected in expected {
      var byte = bytes[index]
      if byte == UInt8(ascii: "_") { byte = UInt8(ascii: "-") }
      if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte { byte |= 0x20 }
      guard byte == expected else { return false }
      index += 1
    }
    return true
  }
}
