/// What stands before the content of each record (FastCGI specification §3.3).
struct RecordHeader: Equatable {
  /// The bytes of a header, and of the content of a `beginRequest`.
  static let size = 8

  let version: UInt8
  let type: UInt8
  /// 0 for records that are about the connection and no request.
  let id: UInt16
  /// How many bytes of content follow, up to 65,535.
  let contentLength: Int
  /// How many bytes follow the content, up to 255, that mean nothing.
  let paddingLength: Int

  /// - Parameter word: the eight bytes, the first one as the highest.
  init(_ word: UInt64) {
    version = UInt8(truncatingIfNeeded: word >> 56)
    type = UInt8(truncatingIfNeeded: word >> 48)
    id = UInt16(truncatingIfNeeded: word >> 32)
    contentLength = Int(UInt16(truncatingIfNeeded: word >> 16))
    paddingLength = Int(UInt8(truncatingIfNeeded: word >> 8))
  }
}

/// The types of records (FastCGI specification §8).
enum RecordType {
  static let beginRequest: UInt8 = 1
  static let endRequest: UInt8 = 3
  static let parameters: UInt8 = 4
  static let standardInput: UInt8 = 5
  static let getValues: UInt8 = 9
  static let getValuesResult: UInt8 = 10
  static let unknownType: UInt8 = 11
}

/// The bytes of a record without padding.
/// - Parameter content: at most 65,535 bytes.
func record(_ type: UInt8, id: UInt16, _ content: [UInt8] = []) -> [UInt8] {
  let size = UInt16(truncatingIfNeeded: content.count)
  let header: [UInt8] = [
    1, type, UInt8(id >> 8), UInt8(id & 0xff), UInt8(size >> 8), UInt8(size & 0xff), 0, 0,
  ]
  return header + content
}
