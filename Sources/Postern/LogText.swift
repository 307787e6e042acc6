/// Texts as they may stand in a line of the log: short, and without what could end the line or steer
/// a terminal or the eye of its reader. They go by scalars: as characters, a quotation mark with an
/// accent is none.
enum LogText {
  /// In Unicode scalars.
  private static let longest = 512

  static func cut(_ text: String) -> String {
    escaped(text.unicodeScalars.prefix(longest), quotes: false)
  }

  /// In quotation marks where it is not one word.
  static func quoted(_ value: String) -> String {
    let text = escaped(value.unicodeScalars.prefix(longest), quotes: true)
    return text.utf8.isEmpty || text.utf8.contains(where: [UInt8](" \"".utf8).contains)
      ? "\"\(text)\"" : text
  }

  /// What stands between the quotation marks of a JSON string (RFC 8259 §7).
  static func json(_ text: String) -> String {
    text.unicodeScalars.prefix(longest).reduce(into: "") { line, scalar in
      switch scalar {
      case "\\": line += #"\\"#
      case "\"": line += #"\""#
      case _ where isUnsafe(scalar): for unit in String(scalar).utf16 { line += escape(unit) }
      default: line.unicodeScalars.append(scalar)
      }
    }
  }

  private static func escape(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }

  private static func escaped(_ text: some Sequence<UnicodeScalar>, quotes: Bool) -> String {
    text.reduce(into: "") { line, scalar in
      if isUnsafe(scalar) {
        line += scalar.escaped(asASCII: true)
      } else if scalar == "\\" || (quotes && scalar == "\"") {
        line += "\\\(scalar)"
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
  }

  private static func isUnsafe(_ scalar: UnicodeScalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }
}
