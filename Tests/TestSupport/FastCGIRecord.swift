/// A FastCGI record as it goes over the wire (FastCGI specification §3.3). It says whatever it is
/// told to, also what no web server would.
public struct FastCGIRecord: Sendable {
  public enum Kind: UInt8, Sendable {
    case beginRequest = 1
    case abortRequest
    case endRequest
    case parameters
    case standardInput
    case standardOutput
    case standardError
    case data
    case getValues
    case getValuesResult
    case unknown
  }

  public var version: UInt8 = 1
  public var kind: UInt8
  public var id: UInt16
  public var content: [UInt8]
  public var padding = 0

  public init(_ kind: Kind, _ content: [UInt8] = [], id: UInt16 = 1, padding: Int = 0) {
    self.kind = kind.rawValue
    self.id = id
    self.content = content
    self.padding = padding
  }

  public static func begin(role: UInt16 = 1, keep: Bool = true, id: UInt16 = 1) -> FastCGIRecord {
    let content = [UInt8(role >> 8), UInt8(role & 0xFF), keep ? 1 : 0, 0, 0, 0, 0, 0]
    return FastCGIRecord(.beginRequest, content, id: id)
  }

  public var bytes: [UInt8] {
    let size = content.count
    let head = [
      version, kind, UInt8(id >> 8), UInt8(id & 0xFF), UInt8(size >> 8), UInt8(size & 0xFF),
      UInt8(padding), 0,
    ]
    return head + content + [UInt8](repeating: 0, count: padding)
  }

  /// Names and values (§3.4): their lengths in one byte up to 127, in four from 128 on.
  public static func pairs(_ pairs: [(String, String)]) -> [UInt8] {
    pairs.flatMap { length($0.0) + length($0.1) + Array($0.0.utf8) + Array($0.1.utf8) }
  }

  private static func length(_ text: String) -> [UInt8] {
    let count = text.utf8.count
    if count < 128 { return [UInt8(count)] }
    return [UInt8(count >> 24) | 0x80] + [16, 8, 0].map { UInt8(count >> $0 & 0xFF) }
  }
}
