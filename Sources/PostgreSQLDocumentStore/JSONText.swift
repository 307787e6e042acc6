/// Between JSON as documents have it and as `jsonb` takes it, which has no U+0000 (PostgreSQL, "JSON
/// Types"): U+0000 is written as U+E000 U+E001, and U+E000 as U+E000 U+E000.
enum JSONText {
  /// U+E000 in UTF-8.
  private static let mark: [UInt8] = [0xEE, 0x80, 0x80]
  private static let zero: [UInt8] = [0xEE, 0x80, 0x81]

  static func stored(_ json: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(json.count)
    var rest = json[...]
    while let byte = rest.first {
      if byte == UInt8(ascii: "\\") {
        if rest.starts(with: #"\u0000"#.utf8) {
          text += mark + zero
          rest = rest.dropFirst(6)
        } else {
          text += rest.prefix(2)
          rest = rest.dropFirst(2)
        }
      } else if byte == mark[0], rest.starts(with: mark) {
        text += mark + mark
        rest = rest.dropFirst(3)
      } else {
        text.append(byte)
        rest = rest.dropFirst()
      }
    }
    return text
  }

  static func document(_ text: [UInt8]) -> [UInt8] {
    var json: [UInt8] = []
    json.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.first {
      if byte == mark[0], rest.starts(with: mark) {
        rest = rest.dropFirst(3)
        json += rest.starts(with: zero) ? Array(#"\u0000"#.utf8) : mark
        rest = rest.dropFirst(3)
      } else {
        json.append(byte)
        rest = rest.dropFirst()
      }
    }
    return json
  }
}
