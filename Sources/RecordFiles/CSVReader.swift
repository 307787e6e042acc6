/// Reads comma-separated values as RFC 4180 has them, with line ends of either kind, empty lines left
/// out, and a byte order mark, which spreadsheets write, passed over.
///
/// No library: those for Swift import all of Foundation. A row that cannot be read ends at the end of
/// its first line, so that a quote that is not closed does not swallow the rows behind it.
struct CSVReader: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private let names: [String]
  private var position = 0
  private var line = 1

  /// - Throws: `RecordError` for a first row that is missing or has an unknown name, or one twice.
  init(_ bytes: [UInt8], columns: [String]) throws(RecordError) {
    self.bytes = bytes
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    if bytes.starts(with: mark) { position = mark.count }
    var names: [String] = []
    let row = try Self.nextRow(bytes, &position, &line)?.get()
    for name in row?.fields ?? [] {
      guard columns.contains(name) else {
        throw RecordError(line: row?.line ?? 1, reason: unknownName(name))
      }
      guard !names.contains(name) else {
        throw RecordError(line: row?.line ?? 1, reason: "the column \(name) comes twice")
      }
      names.append(name)
    }
    guard !names.isEmpty else {
      throw RecordError(line: 1, reason: "there is no row with the names of the columns")
    }
    self.names = names
  }

  mutating func next() -> Result<Record, RecordError>? {
    Self.nextRow(bytes, &position, &line)?.flatMap { row in
      guard row.fields.count == names.count else {
        return .failure(
          RecordError(
            line: row.line,
            reason: "has \(row.fields.count) fields, and the first row has \(names.count)"))
      }
      let pairs = zip(names, row.fields.map(Record.Value.text))
      return .success(Record(line: row.line, values: Dictionary(uniqueKeysWithValues: pairs)))
    }
  }

  private struct Row {
    let line: Int
    var fields: [String] = []
  }

  /// Static: what it changes belongs to its caller, also before there is a reader.
  private static func nextRow(
    _ bytes: [UInt8], _ position: inout Int, _ line: inout Int
  ) -> Result<Row, RecordError>? {
    while position < bytes.count, let end = endOfLine(bytes, position) {
      position = end
      line += 1
    }
    guard position < bytes.count else { return nil }
    let (start, first) = (position, line)
    do throws(RecordError) {
      return .success(try row(bytes, &position, &line))
    } catch {
      position = bytes[start...].firstIndex(of: newline).map { $0 + 1 } ?? bytes.count
      line = first + 1
      return .failure(RecordError(line: first, reason: error.reason))
    }
  }

  private static func row(
    _ bytes: [UInt8], _ position: inout Int, _ line: inout Int
  ) throws(RecordError) -> Row {
    var row = Row(line: line)
    while true {
      let isQuoted = position < bytes.count && bytes[position] == quote
      let field = isQuoted ? try quoted(bytes, &position, &line) : try plain(bytes, &position)
      guard let text = String(validating: field, as: UTF8.self) else {
        throw RecordError(line: row.line, reason: "is not in UTF-8")
      }
      row.fields.append(text)
      if position >= bytes.count { return row }
      if let end = endOfLine(bytes, position) {
        position = end
        line += 1
        return row
      }
      guard bytes[position] == comma else {
        throw RecordError(line: row.line, reason: "has something behind a closing quote")
      }
      position += 1
    }
  }

  private static func plain(
    _ bytes: [UInt8], _ position: inout Int
  ) throws(RecordError) -> [UInt8] {
    let start = position
    while position < bytes.count, bytes[position] != comma, endOfLine(bytes, position) == nil {
      guard bytes[position] != quote else {
        throw RecordError(line: 0, reason: "has a quote in a field that does not begin with one")
      }
      position += 1
    }
    return Array(bytes[start..<position])
  }

  private static func quoted(
    _ bytes: [UInt8], _ position: inout Int, _ line: inout Int
  ) throws(RecordError) -> [UInt8] {
    var field: [UInt8] = []
    position += 1
    while position < bytes.count, field.count <= longestPart {
      let byte = bytes[position]
      position += 1
      if byte == quote {
        guard position < bytes.count, bytes[position] == quote else { return field }
        position += 1
      }
      if byte == newline { line += 1 }
      field.append(byte)
    }
    throw RecordError(line: 0, reason: "has a quote that is not closed")
  }

  /// Where the next line begins, where there is the end of one at `position`.
  private static func endOfLine(_ bytes: [UInt8], _ position: Int) -> Int? {
    if bytes[position] == newline { return position + 1 }
    let isPair =
      bytes[position] == UInt8(ascii: "\r") && position + 1 < bytes.count
      && bytes[position + 1] == newline
    return isPair ? position + 2 : nil
  }

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
}
