import FoundationEssentials
import SortedJSON

/// The JSON of tokens and of `keys.json`.
enum TokenCoders {
  /// Sorts the keys, so that the same values always give the same bytes, in whatever process.
  static let encoder = SortedJSONEncoder()

  static let decoder = JSONDecoder()
}
