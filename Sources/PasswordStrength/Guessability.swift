import CZxcvbn

/// How hard a text is to guess for somebody who tries words, names, dates, rows of keys, sequences
/// and repetitions first, as people who break passwords do. An estimate by zxcvbn (Wheeler, USENIX
/// Security 2016), made lower where a pattern escapes it.
///
/// May be asked from any thread: zxcvbn-c keeps nothing between calls. A few milliseconds at most.
public enum Guessability {
  /// In bytes of UTF-8. What comes after them counts for nothing: zxcvbn-c, whose time grows with
  /// the square of the length, does not look at it closely either.
  public static let longestText = 100

  /// The base-2 logarithm of the guesses that it takes; 0 or more.
  /// - Parameter words: as of `estimate`.
  public static func bits(of text: String, knowing words: [String] = []) -> Double {
    estimate(of: text, knowing: words).bits
  }

  /// The estimate, and what most of the text is made of.
  /// - Parameter words: words that a guesser would try first, the likeliest first, such as the name
  ///   of the user. In any case, also backwards, and with digits for letters. Of each, the first 100
  ///   bytes count.
  public static func estimate(
    of text: String, knowing words: [String] = []
  ) -> (bits: Double, pattern: GuessablePattern) {
    let bytes = Array(text.utf8.prefix(longestText))
    let words = words.filter { !$0.isEmpty }.map { Array($0.utf8.prefix(longestText)) }
    let all = variants(of: bytes).map { variant in
      var estimate = estimate(variant.bytes, words)
      if variant.isRepeated { estimate.pattern = .repetition }
      return estimate
    }
    return all.min { $0.bits < $1.bits } ?? (0, .other)
  }

  /// The text itself and what is no harder to guess, but rated lower by zxcvbn: without what stands
  /// between its words, which is taken for random characters, and without the repetitions of its
  /// beginning, which are seen only where the last one is whole.
  private static func variants(of bytes: [UInt8]) -> [(bytes: [UInt8], isRepeated: Bool)] {
    let words = withoutSeparator(bytes)
    let whole = words == bytes ? [bytes] : [bytes, words]
    let periods = whole.map(period).filter { !whole.contains($0) }
    return whole.map { ($0, false) } + periods.map { ($0, true) }
  }

  /// Without the one that there is most of: in random text each of them is rare.
  private static func withoutSeparator(_ bytes: [UInt8]) -> [UInt8] {
    let counts = separators.map { separator in bytes.count { $0 == separator } }
    guard let most = counts.max(), let index = counts.firstIndex(of: most) else { return bytes }
    return bytes.filter { $0 != separators[index] }
  }

  private static let separators = Array(" \t\r\n-_.,:;/|".utf8)

  /// The shortest beginning that gives the whole when it is repeated, once and a half or more.
  private static func period(of bytes: [UInt8]) -> [UInt8] {
    let length = bytes.indices.dropFirst().first { length in
      length * 3 <= bytes.count * 2
        && zip(bytes, bytes.dropFirst(length)).allSatisfy { $0 == $1 }
    }
    return Array(bytes.prefix(length ?? bytes.count))
  }

  private static func estimate(
    _ bytes: [UInt8], _ words: [[UInt8]]
  ) -> (bits: Double, pattern: GuessablePattern) {
    // C strings, one after the other; a NUL within one ends it, which makes an estimate lower.
    var text = (bytes + [0]).map(CChar.init(bitPattern:))
    let starts = words.map { word in
      defer { text += (word + [0]).map(CChar.init(bitPattern:)) }
      return text.count
    }
    return text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return (0, .other) }
      var dictionary = starts.map { Optional(base + $0) } + [nil]
      var parts: UnsafeMutablePointer<ZxcMatch_t>?
      let bits = ZxcvbnMatch(base, &dictionary, &parts)
      defer { ZxcvbnFreeInfo(parts) }
      return (max(0, bits), GuessablePattern(of: parts))
    }
  }
}
