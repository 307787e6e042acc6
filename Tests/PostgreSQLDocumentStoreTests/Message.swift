/// Messages as the server sends them (PostgreSQL, "Message Formats").
enum Message {
  static func of(_ type: Character, _ body: [UInt8] = [], length: Int? = nil) -> [UInt8] {
    [type.asciiValue ?? 0] + number(length ?? body.count + 4, 4) + body
  }

  static func number(_ number: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

  static func columns(_ count: Int) -> [UInt8] {
    let column = text("a") + number(0, 6) + number(25, 4) + number(-1, 2) + number(-1, 4)
    return of("T", number(count, 2) + (0..<count).flatMap { _ in column + number(0, 2) })
  }

  static func row(_ values: [String?]) -> [UInt8] {
    of(
      "D",
      number(values.count, 2)
        + values.flatMap { value -> [UInt8] in
          guard let value else { return number(-1, 4) }
          return number(value.utf8.count, 4) + Array(value.utf8)
        })
  }

  static func complete(_ tag: String) -> [UInt8] { of("C", text(tag)) }

  static func error(_ code: String, severity: String = "ERROR", type: Character = "E") -> [UInt8] {
    of(type, text("S" + severity) + text("V" + severity) + text("C" + code) + text("Ms3cret") + [0])
  }

  static let bound = of("2")
  static let none = of("n")
  static let ready = of("Z", Array("I".utf8))
  static let inTransaction = of("Z", Array("T".utf8))

  static func rows(_ columns: Int, _ rows: [[String?]]) -> [UInt8] {
    bound + Message.columns(columns) + rows.flatMap(row) + complete("SELECT \(rows.count)") + ready
  }

  static func done(_ tag: String) -> [UInt8] { bound + none + complete(tag) + ready }
}
