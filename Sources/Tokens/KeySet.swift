/// The keys of one kind of token. All of them are of HS256.
public struct KeySet: Equatable, Sendable {
  /// The one that signs. It verifies, too.
  public let signing: KeySecret
  /// Those that sign no longer but still verify.
  public let verifying: [KeySecret]
  /// Ids of keys that do neither any longer, and must not come back.
  public let retired: [String]

  public init(signing: KeySecret, verifying: [KeySecret] = [], retired: [String] = []) {
    self.signing = signing
    self.verifying = verifying
    self.retired = retired
  }

  /// One key, newly made.
  public static func random() throws(WeakSecret) -> KeySet {
    KeySet(signing: try .random())
  }

  /// Keys for another purpose, each derived from the one of the same id.
  func derived(for purpose: String) throws(WeakSecret) -> KeySet {
    var others: [KeySecret] = []
    for key in verifying { others.append(try key.derived(for: purpose)) }
    return KeySet(signing: try signing.derived(for: purpose), verifying: others)
  }
}

extension KeySecret {
  fileprivate func derived(for purpose: String) throws(WeakSecret) -> KeySecret {
    try KeySecret(id: id, bytes: derivedKey(for: purpose))
  }
}
