import Glibc

/// What becomes of the parameters of a request.
enum ParameterVerdict: Equatable {
  case good
  case fault(RequestFault)
  /// No names and values: a length leads beyond the end.
  case broken
}

/// Looks through the names and values of a request (FastCGI specification §3.4): each length is
/// compared with the bytes that are there.
/// - Parameter limit: how many parameters there may be.
func checkedParameters(_ bytes: Span<UInt8>, limit: Int) -> ParameterVerdict {
  var pairs = NameValuePairs(bytes.count)
  var count = 0
  var verdict = ParameterVerdict.good
  var zero = NextByte(0)
  var equals = NextByte(UInt8(ascii: "="))
  while let pair = pairs.next(in: bytes) {
    count += 1
    if zero.isIn(pair.name.lowerBound..<pair.value.upperBound, of: bytes)
      || equals.isIn(pair.name, of: bytes)
    {
      verdict = .fault(.badParameters)
    }
  }
  if pairs.isBroken { return .broken }
  return count > limit ? .fault(.tooManyParameters) : verdict
}

/// Where the names and values lie, one pair after the other.
struct NameValuePairs {
  private var offset = 0
  private let end: Int
  /// Whether a length leads beyond the end.
  private(set) var isBroken = false

  init(_ count: Int) { end = count }

  /// The next pair; `nil` at the end, and where there is no pair.
  mutating func next(in bytes: Span<UInt8>) -> (name: Range<Int>, value: Range<Int>)? {
    guard offset < end else { return nil }
    guard let nameLength = length(in: bytes), let valueLength = length(in: bytes),
      nameLength <= end - offset, valueLength <= end - offset - nameLength
    else {
      isBroken = true
      return nil
    }
    let middle = offset + nameLength
    defer { offset = middle + valueLength }
    return (offset..<middle, middle..<(middle + valueLength))
  }

  /// One byte up to 127; four with the highest bit set for up to 2^31 - 1.
  private mutating func length(in bytes: Span<UInt8>) -> Int? {
    guard offset < end else { return nil }
    let first = Int(bytes[offset])
    guard first >= 0x80 else {
      offset += 1
      return first
    }
    guard end - offset >= 4 else { return nil }
    defer { offset += 4 }
    return (first & 0x7f) << 24 | Int(bytes[offset + 1]) << 16 | Int(bytes[offset + 2]) << 8
      | Int(bytes[offset + 3])
  }
}

/// Looks for one byte in ranges that follow each other.
///
/// It is rare, so that each search goes on to it, whatever lies between: one for most requests, where
/// a search of each range would be one for each name and value.
private struct NextByte {
  private let byte: UInt8
  /// Where the first one is that does not lie before the last search; behind the end if there is none.
  private var place = -1

  init(_ byte: UInt8) { self.byte = byte }

  /// Whether the byte is among those of `range`, which must not begin before the one asked for last.
  mutating func isIn(_ range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
    if place < range.lowerBound {
      place = bytes.withUnsafeBytes { all in
        guard let start = all.baseAddress,
          let found = memchr(start + range.lowerBound, Int32(byte), all.count - range.lowerBound)
        else { return all.count }
        return UnsafeRawPointer(found) - start
      }
    }
    return place < range.upperBound
  }
}
