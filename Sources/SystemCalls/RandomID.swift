import FoundationEssentials

extension System {
  /// A random UUID of version 4 in lower case: 122 bits from getrandom(2).
  ///
  /// `UUID()` opens `/dev/urandom` each time instead, and where it cannot, for want of descriptors,
  /// it is all zeros: one id for every session and every token.
  public static func randomID() -> String {
    var generator = SystemRandomNumberGenerator()
    return UUID.random(using: &generator).uuidString.lowercased()
  }
}
