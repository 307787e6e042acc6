import CLinux

extension System {
  /// A random UUID of version 4 in lower case: 122 bits from one call of getrandom(2).
  ///
  /// Foundation's `UUID()` opens `/dev/urandom` each time instead, and where it cannot, for want of
  /// descriptors, it is all zeros: one id for every session and every token.
  public static func randomID() -> String {
    var (high, low) = randomWords()
    high = high & ~0xF000 | 0x4000
    low = low & ~(0b11 << 62) | 0b10 << 62
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 36) { text in
      var place = 0
      for number in 0..<32 {
        if [8, 12, 16, 20].contains(number) {
          text[place] = UInt8(ascii: "-")
          place += 1
        }
        let word = number < 16 ? high : low
        text[place] = digits[Int(word >> UInt64(60 - number % 16 * 4) & 0xF)]
        place += 1
      }
      return place
    }
  }

  private static func randomWords() -> (UInt64, UInt64) {
    var words: (UInt64, UInt64) = (0, 0)
    // So few bytes come whole, and no signal comes between (getrandom(2)).
    let count = withUnsafeMutableBytes(of: &words) { getrandom($0.baseAddress, $0.count, 0) }
    guard count != 16 else { return words }
    // Asks the kernel again, in every way there is, and ends the process where there is none.
    var generator = SystemRandomNumberGenerator()
    return (generator.next(), generator.next())
  }
}
