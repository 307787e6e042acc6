/// The keys of one kind of token.
public struct KeySet: Equatable, Sendable {
  /// Those that sign or verify, the newest first: by when they begin to sign. Those that never do
  /// come last.
  public let keys: [TokenKey]
  /// Ids of keys that do neither any longer, and must not come back; the latest first.
  public let retired: [String]

  /// So many ids of retired keys are kept.
  static let retiredLimit = 100
  /// So many keys can be in use.
  static let keyLimit = 32

  /// - Parameter keys: of those that begin at the same time, the newer first.
  /// - Throws: `KeySetError` where none is left to sign in the long run, or there are too many.
  public init(keys: [TokenKey], retired: [String] = []) throws(KeySetError) {
    guard keys.contains(where: \.signsWithoutEnd) else { throw .noneSigns }
    guard keys.count <= Self.keyLimit else { throw .tooMany }
    self.init(checked: keys, retired)
  }

  private init(checked keys: [TokenKey], _ retired: [String]) {
    self.keys = keys.enumerated().sorted {
      ($1.element.signsFrom ?? -1, $0.offset) < ($0.element.signsFrom ?? -1, $1.offset)
    }.map(\.element)
    self.retired = Array(retired.prefix(Self.retiredLimit))
  }

  /// One key that signs, and others that only verify, all without an end.
  public init(signing: KeySecret, verifying: [KeySecret] = [], retired: [String] = []) {
    let others = verifying.map { TokenKey($0, signsFrom: nil) }
    self.init(checked: [TokenKey(signing)] + others, retired)
  }

  /// One key, newly made.
  public static func random(
    _ algorithm: KeyAlgorithm = .hs256, at time: NumericDate? = nil
  ) throws -> KeySet {
    try KeySet(keys: [TokenKey(.random(algorithm), createdAt: time)])
  }

  /// The key that signs what is issued at `time`.
  public func signer(at time: NumericDate) -> TokenKey { keys[keys.signerIndex(at: time)] }

  /// The key that signs in the long run.
  public var signing: KeySecret { signer(at: .max).secret }

  /// The first that signed of those that are left.
  var oldestSigner: KeySecret { (keys.last { $0.signsFrom != nil } ?? keys[0]).secret }

  /// All others that still verify.
  public var verifying: [KeySecret] { keys.map(\.secret).filter { $0.id != signing.id } }

  /// What a key is good for.
  public enum State: String, Sendable {
    /// It signs.
    case active
    /// It will sign, and verifies already.
    case pending
    /// It verifies what it has signed.
    case verifying
  }

  public func state(of key: TokenKey, at time: NumericDate) -> State {
    if key.id == signer(at: time).id { return .active }
    return (key.signsFrom ?? 0) > time ? .pending : .verifying
  }
}

/// Keys that do not go together.
public enum KeySetError: Error, CustomStringConvertible {
  case noneSigns, tooMany

  public var description: String {
    switch self {
    case .noneSigns: "needs a key that signs, and has no end"
    case .tooMany: "has more than \(KeySet.keyLimit) keys of one kind: retire some"
    }
  }
}
