/// One record of a file: a row of CSV, or an object of JSON lines.
public struct Record: Equatable, Sendable {
  public enum Value: Equatable, Sendable {
    case text(String)
    case truth(Bool)
    case list([String])
    case null
  }

  /// Of its first line, from 1.
  public let line: Int
  public let values: [String: Value]

  public init(line: Int, values: [String: Value]) {
    self.line = line
    self.values = values
  }

  /// The error that says that something is wrong with this record.
  public func fault(_ reason: String) -> RecordError { RecordError(line: line, reason: reason) }

  /// `nil` where the record does not have it.
  /// - Throws: `RecordError` for what is no text.
  public func text(_ name: String) throws(RecordError) -> String? {
    switch values[name] {
    case nil, .null: nil
    case .text(let text): text
    default: throw fault("\(name) is no text")
    }
  }

  /// As `text`, and `nil` for an empty one too.
  public func filledText(_ name: String) throws(RecordError) -> String? {
    try text(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Also `true` and `false` as texts. `nil` where the record does not have it, or it is empty.
  public func truth(_ name: String) throws(RecordError) -> Bool? {
    switch values[name] {
    case nil, .null, .text(""): nil
    case .truth(let truth): truth
    case .text("true"): true
    case .text("false"): false
    default: throw fault("\(name) is neither true nor false")
    }
  }

  /// Also a text with commas between the parts; an empty one has none. `nil` where the record does
  /// not have it.
  public func list(_ name: String) throws(RecordError) -> [String]? {
    switch values[name] {
    case nil, .null: nil
    case .list(let list): list
    case .text(let text): text.split(separator: ",").map(String.init)
    default: throw fault("\(name) is no list of texts")
    }
  }

  /// A name that is mistyped must not look like a value that is missing.
  /// - Throws: `RecordError` where the record has a name that is not one of these.
  public func requireNames(among known: [String]) throws(RecordError) {
    if let unknown = values.keys.filter({ !known.contains($0) }).min() {
      throw fault(unknownName(unknown))
    }
  }
}

/// Shows no more of a name than an operator needs to find it.
func unknownName(_ name: String) -> String {
  "\(String(name.prefix(64)).debugDescription) is no known column"
}

/// What is wrong with one record, or with the head of the file. Never holds a value.
public struct RecordError: Error, Equatable, CustomStringConvertible {
  public let line: Int
  public let reason: String

  public init(line: Int, reason: String) {
    self.line = line
    self.reason = reason
  }

  public var description: String { "line \(line): \(reason)" }
}
