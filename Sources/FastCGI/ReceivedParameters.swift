public import ForeignInput
import Glibc
import HandlerKit

/// CGI's variables of one request (RFC 3875 §4.1), in the order in which they came.
public struct ReceivedParameters: Sendable {
  /// `NAME=value`, one behind the other.
  private(set) var block: [UInt8] = []
  /// Where each lies in the block.
  private(set) var entries: [ReceivedHeaders.Field] = []

  public init(_ parameters: [(name: ForeignText, value: ForeignText)]) {
    for (name, value) in parameters {
      append(name.bytes.count, name.bytes + [UInt8(ascii: "=")] + value.bytes)
    }
  }

  /// - Parameters:
  ///   - environment: C strings such as `NAME=value`, and a null pointer behind the last.
  ///   - isWanted: which names are taken.
  init(
    environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
    where isWanted: (_ name: UnsafeRawBufferPointer) -> Bool = { _ in true }
  ) {
    block.reserveCapacity(2048)
    entries.reserveCapacity(48)
    var entry = environment
    while let text = entry?.pointee {
      let length = strlen(text)
      let pair = UnsafeRawBufferPointer(start: text, count: length)
      let equals = memchr(text, Int32(UInt8(ascii: "=")), length)
      let nameLength = equals.map { UnsafeRawPointer($0) - UnsafeRawPointer(text) } ?? length
      if isWanted(UnsafeRawBufferPointer(rebasing: pair[..<nameLength])) {
        append(nameLength, pair)
      }
      entry = entry?.successor()
    }
  }

  private mutating func append(_ nameLength: Int, _ pair: some Collection<UInt8>) {
    let start = block.count
    block.append(contentsOf: pair)
    entries.append(.init(start: start, nameLength: nameLength, end: block.count))
  }
}
