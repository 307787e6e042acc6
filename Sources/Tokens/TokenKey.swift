/// A key with the times of its use.
public struct TokenKey: Equatable, Sendable, TimedKey {
  public let secret: KeySecret
  /// `nil` where that is not known: files of older versions do not say.
  public let createdAt: NumericDate?
  /// From when on it signs, until a newer one does; `nil` for never.
  public internal(set) var signsFrom: NumericDate?
  /// From when on nothing that it signed is good; `nil` for no end.
  public internal(set) var verifiesUntil: NumericDate?

  /// The `kid` of its tokens.
  public var id: String { secret.id }

  /// - Parameter signsFrom: 0 for always.
  public init(
    _ secret: KeySecret, createdAt: NumericDate? = nil, signsFrom: NumericDate? = 0,
    verifiesUntil: NumericDate? = nil
  ) {
    self.secret = secret
    self.createdAt = createdAt
    self.signsFrom = signsFrom
    self.verifiesUntil = verifiesUntil
  }
}

/// What signs for a time, and verifies for a longer one.
protocol TimedKey {
  var signsFrom: NumericDate? { get }
  var verifiesUntil: NumericDate? { get }
}

extension TimedKey {
  /// Whether it can be left to sign when all others have ended.
  var signsWithoutEnd: Bool { signsFrom != nil && verifiesUntil == nil }

  func hasEnded(at time: NumericDate) -> Bool { verifiesUntil.map { $0 <= time } ?? false }

  fileprivate func hasBegun(at time: NumericDate) -> Bool {
    signsFrom.map { $0 <= time } ?? false
  }
}

extension Array where Element: TimedKey {
  /// Which of these keys, the newest first, signs what is issued at `time`: the newest that has begun
  /// by then, else, for what is older than all of them, the oldest that has no end.
  func signerIndex(at time: NumericDate) -> Int {
    firstIndex { $0.hasBegun(at: time) && !$0.hasEnded(at: time) }
      ?? lastIndex { $0.signsWithoutEnd } ?? 0
  }
}
