/// How a file of records is written.
public enum RecordFormat: String, CaseIterable, Sendable {
  /// Comma-separated values with the names in the first row (RFC 4180), in UTF-8.
  case csv
  /// JSON lines: one object a line (RFC 8259).
  case json

  /// By the extension of a path: `.csv`; `.json`, `.jsonl` or `.ndjson`.
  public init?(path: String) {
    switch path.split(separator: ".").last?.lowercased() {
    case "csv": self = .csv
    case "json", "jsonl", "ndjson": self = .json
    default: return nil
    }
  }

  /// All records of a file, in order, and what is wrong with those that cannot be read.
  ///
  /// - Parameter columns: the names that a record may have.
  /// - Throws: `RecordError` for a CSV file whose first row cannot be used.
  public func records(
    in bytes: [UInt8], columns: [String]
  ) throws(RecordError) -> AnySequence<Result<Record, RecordError>> {
    switch self {
    case .csv: AnySequence(try CSVReader(bytes, columns: columns))
    case .json: AnySequence(JSONLinesReader(bytes, columns: columns))
    }
  }
}

/// In bytes, of one record or one field.
let longestPart = 1 << 20

let newline = UInt8(ascii: "\n")
