import HTTPTypes

/// Header fields, and the bytes that they are written as: for an answer that is given again and again.
struct EncodedFields: Sendable {
  let fields: HTTPFields
  let lines: [UInt8]

  init(_ fields: HTTPFields) {
    self.fields = fields
    var lines: [UInt8] = []
    fields.append(to: &lines)
    self.lines = lines
  }
}

extension HTTPFields {
  /// Writes each as a line (RFC 3875 §6.3), but for `Content-Length`, which the writer of the body
  /// knows.
  ///
  /// `HTTPField` holds no CR or LF, so no value can end its line.
  func append(to bytes: inout [UInt8]) {
    for field in self where field.name != .contentLength {
      bytes.append(field.name.rawName)
      bytes.append(": ")
      bytes.append(field.value)
      bytes.append("\r\n")
    }
  }
}

extension [UInt8] {
  /// As one copy of memory; `append(contentsOf: text.utf8)` asks for each byte.
  package mutating func append(_ text: String) {
    if text.utf8.withContiguousStorageIfAvailable({ append(contentsOf: $0) }) == nil {
      append(contentsOf: text.utf8)
    }
  }
}
