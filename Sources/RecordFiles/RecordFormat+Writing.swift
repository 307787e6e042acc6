import SortedJSON

extension RecordFormat {
  /// What stands before the records: the names of the columns, or nothing.
  public func head(_ columns: [String]) -> [UInt8] {
    self == .csv ? row(columns) : []
  }

  /// A record as its line, or lines, with all of these columns.
  /// - Throws: `EncodingError`
  public func line(_ record: Record, columns: [String]) throws -> [UInt8] {
    switch self {
    case .csv: row(columns.map { record.values[$0]?.inCSV ?? "" })
    case .json: try SortedJSONEncoder().encode(record.values) + [newline]
    }
  }

  private func row(_ fields: [String]) -> [UInt8] {
    Array((fields.map(quotedWhereNeeded).joined(separator: ",") + "\n").utf8)
  }
}

extension Record.Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .truth(let truth): try container.encode(truth)
    case .list(let list): try container.encode(list)
    case .null: try container.encodeNil()
    }
  }

  fileprivate var inCSV: String {
    switch self {
    case .text(let text): text
    case .truth(let truth): truth ? "true" : "false"
    case .list(let list): list.joined(separator: ",")
    case .null: ""
    }
  }
}

/// By bytes: to Swift, a quote with an accent is another character.
private func quotedWhereNeeded(_ field: String) -> String {
  guard field.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return field }
  var bytes: [UInt8] = []
  for byte in field.utf8 {
    if byte == UInt8(ascii: "\"") { bytes.append(byte) }
    bytes.append(byte)
  }
  return "\"" + String(decoding: bytes, as: UTF8.self) + "\""
}
