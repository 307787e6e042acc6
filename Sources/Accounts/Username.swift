/// A user's name in the one form that it is stored and looked up in.
///
/// Lower case, composed (Unicode NFC), 1 to 64 bytes of UTF-8, without white space, control or
/// invisible characters. So `Alice` and `alice` are one user, as `é` is however it was typed.
/// Names that only look alike are different users.
public struct Username: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  public var description: String { text }

  /// Bytes that a name may have as it is typed. Composed, none takes less than a third of them.
  public static let longestTyped = 256

  /// `nil` for a name that no user can have.
  public init?(_ name: String) {
    // Composing costs the square of the length.
    guard name.utf8.count <= Self.longestTyped else { return nil }
    let folded = composed(composed(name).lowercased())
    guard 1...64 ~= folded.utf8.count, folded.unicodeScalars.allSatisfy(isVisible) else {
      return nil
    }
    text = folded
  }
}

private func isVisible(_ scalar: UnicodeScalar) -> Bool {
  let properties = scalar.properties
  if properties.isWhitespace || properties.isDefaultIgnorableCodePoint { return false }
  switch properties.generalCategory {
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
    .paragraphSeparator, .spaceSeparator:
    return false
  default:
    return true
  }
}
