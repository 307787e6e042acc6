import CZxcvbn

/// What most of a text is made of, for somebody who guesses it.
public enum GuessablePattern: Sendable {
  /// One of the words that the guesser was said to know.
  case knownWord
  /// Words, names and passwords that many people use.
  case commonWords
  case repetition
  /// Such as `1234` and `abcd`.
  case sequence
  /// Keys that lie side by side.
  case keyboardRow
  case date
  case other

  /// - Parameter parts: those that zxcvbn has found, a linked list.
  init(of parts: UnsafeMutablePointer<ZxcMatch_t>?) {
    var lengths: [GuessablePattern: Int] = [:]
    var part = parts?.pointee
    while let match = part {
      lengths[GuessablePattern(match.Type), default: 0] += Int(match.Length)
      part = match.Next?.pointee
    }
    // What is no pattern counts only where there is none.
    lengths[.other] = nil
    self = Self.byPrecision.max { lengths[$0, default: 0] < lengths[$1, default: 0] } ?? .other
    if lengths.isEmpty { self = .other }
  }

  /// Of equally long ones, the last is told.
  private static let byPrecision: [GuessablePattern] = [
    .commonWords, .date, .keyboardRow, .sequence, .repetition, .knownWord,
  ]

  private init(_ type: ZxcTypeMatch_t) {
    guard type.rawValue < MULTIPLE_MATCH.rawValue else {
      self = .repetition
      return
    }
    switch type {
    case DICTIONARY_MATCH, DICT_LEET_MATCH: self = .commonWords
    case USER_MATCH, USER_LEET_MATCH: self = .knownWord
    case REPEATS_MATCH: self = .repetition
    case SEQUENCE_MATCH: self = .sequence
    case SPATIAL_MATCH: self = .keyboardRow
    case DATE_MATCH, YEAR_MATCH: self = .date
    default: self = .other
    }
  }
}
