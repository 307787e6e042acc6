import FoundationEssentials

/// The JSON of tokens and of `keys.json`.
enum TokenCoders {
  /// Sorts the keys, so that the same values always give the same bytes, in whatever process.
  static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()

  static let decoder = JSONDecoder()
}
