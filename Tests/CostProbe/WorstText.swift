/// Texts that cost more than their length where somebody takes them for characters.
enum WorstText: CaseIterable {
  /// Combining marks in the wrong order: normalising sorts them.
  case marks
  /// Flags: whether two letters are one is known only from the start of the row.
  case flags
  /// Everything that anybody might split at.
  case separators
  /// No UTF-8 at all.
  case bytes

  func bytes(_ length: Int) -> [UInt8] {
    switch self {
    case .marks:
      Array("a".utf8) + repeated("\u{345}", length / 2 - 2) + repeated("\u{334}", length / 2 - 2)
    case .flags: repeated("\u{1F1E6}", length)
    case .separators: repeated(";=,&%41/. \"\\?+\t'", length)
    case .bytes: [UInt8](repeating: 0xFF, count: length)
    }
  }

  /// Whole scalars of at most `length` bytes.
  private func repeated(_ text: String, _ length: Int) -> [UInt8] {
    Array(String(repeating: text, count: length / text.utf8.count).utf8)
  }
}
