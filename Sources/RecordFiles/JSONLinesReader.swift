import ForeignInput
import FoundationEssentials

/// Reads one JSON object a line. Empty lines are left out. A name that comes twice in an object makes
/// its line unreadable.
struct JSONLinesReader: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private let columns: [String]
  private var position = 0
  private var line = 0

  init(_ bytes: [UInt8], columns: [String]) {
    self.bytes = bytes
    self.columns = columns
  }

  mutating func next() -> Result<Record, RecordError>? {
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: newline) ?? bytes.count
      let text = bytes[position..<end]
      position = end + 1
      line += 1
      guard !text.allSatisfy({ " \t\r".utf8.contains($0) }) else { continue }
      return Result { () throws(RecordError) in try record(text) }
    }
    return nil
  }

  private func record(_ text: ArraySlice<UInt8>) throws(RecordError) -> Record {
    guard text.count <= longestPart else {
      throw RecordError(line: line, reason: "is longer than a record may be")
    }
    // The decoder takes texts that have two readings.
    guard StrictJSON.isReadable(text, longestName: 256),
      let values = try? JSONDecoder().decode([String: Record.Value].self, from: Data(text))
    else {
      throw RecordError(
        line: line, reason: "is no JSON object of texts, true, false and lists of texts")
    }
    let record = Record(line: line, values: values)
    try record.requireNames(among: columns)
    return record
  }
}

extension Record.Value: Decodable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let truth = try? container.decode(Bool.self) {
      self = .truth(truth)
    } else {
      self = .list(try container.decode([String].self))
    }
  }
}
