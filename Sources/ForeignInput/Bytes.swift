// Inlinable, since a generic function that is called from another module asks for its types at run
// time, and these are called for each request.

extension Collection<UInt8> where SubSequence: Collection<UInt8> {
  /// The parts between the bytes `separator`, empty ones too.
  @inlinable
  public func parts(between separator: Unicode.Scalar, atMost limit: Int = .max) -> [SubSequence] {
    split(
      separator: UInt8(ascii: separator), maxSplits: limit - 1, omittingEmptySubsequences: false)
  }

  /// With the letters A to Z in lower case, and every other byte as it is.
  @inlinable
  public var lowercasedASCII: [UInt8] {
    map(\.lowercasedASCII)
  }

  /// Whether they are those of `text`, which has no upper case, with the letters A to Z in any case.
  @inlinable
  public func isInAnyCase(_ text: StaticString) -> Bool {
    elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) {
      $0.lowercasedASCII == $1
    }
  }
}

extension UInt8 {
  @inlinable
  var lowercasedASCII: UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self ? self | 0x20 : self
  }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection<UInt8> {
  /// Without spaces and tabs at its ends (the optional white space of RFC 9110 §5.6.3).
  @inlinable
  public var withoutOuterBlanks: SubSequence {
    let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard let start = firstIndex(where: { !isBlank($0) }),
      let end = lastIndex(where: { !isBlank($0) })
    else { return self[endIndex...] }
    return self[start...end]
  }
}
