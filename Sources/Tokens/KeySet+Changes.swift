/// Changes of keys. Each gives the keys as they are after it.
extension KeySet {
  /// How long after a change workers may still go by the keys before it, in seconds: a reload
  /// replaces them one by one.
  public static let reloadTime = 60

  /// For how long others may keep the public keys that they have read, in seconds.
  public static let publicKeysAge = 60

  /// When a new key begins to sign, in seconds after it was added: by then all who verify know it.
  public static let activationDelay = publicKeysAge + reloadTime

  /// With another key.
  public func adding(_ key: TokenKey) throws(KeySetError) -> KeySet {
    try KeySet(keys: [key] + keys, retired: retired)
  }

  /// With another key that signs in the place of all others, which end when the last token has
  /// that they can sign.
  /// - Parameter lifetime: of the longest token, in seconds.
  public func rotating(to key: TokenKey, lifetime: Int) throws(KeySetError) -> KeySet {
    let begin = key.signsFrom ?? 0
    let end = begin + lifetime + Self.reloadTime
    let older = keys.map { old in
      var old = old
      old.verifiesUntil = min(old.verifiesUntil ?? end, end)
      // It has signed nothing so far, and would sign after it should have ended.
      if (old.signsFrom ?? 0) > begin { old.signsFrom = nil }
      return old
    }
    return try KeySet(keys: [key] + older, retired: retired)
  }

  /// With an end of the key `id`: it signs no longer than until `time`, or until the next one begins,
  /// and verifies until the last token has ended that it can have signed.
  /// - Parameter lifetime: of the longest token, in seconds.
  /// - Throws: `KeySetError.noneSigns` where no other key is there to sign.
  public func retiring(
    _ id: String, at time: NumericDate, lifetime: Int
  ) throws(KeySetError) -> KeySet {
    let successors = keys.filter { $0.id != id && $0.signsWithoutEnd }
    guard let begin = successors.first?.signsFrom else { throw .noneSigns }
    let changed = keys.map { key in
      guard key.id == id else { return key }
      var key = key
      let isNewest = (key.signsFrom ?? 0) >= begin
      let end = (isNewest ? time : max(time, begin)) + lifetime + Self.reloadTime
      if isNewest { key.signsFrom = nil }
      key.verifiesUntil = min(key.verifiesUntil ?? end, end)
      return key
    }
    return try KeySet(keys: changed, retired: retired)
  }

  /// Without the key `id`: nothing that it signed is good any longer.
  /// - Parameter successor: a new one, for where no other is there to sign.
  public func removing(
    _ id: String, at time: NumericDate, successor: (KeyAlgorithm) throws -> KeySecret
  ) throws -> KeySet {
    guard let removed = keys.first(where: { $0.id == id }) else { return self }
    var left = keys.filter { $0.id != id }
    if let next = left.lastIndex(where: \.signsWithoutEnd) {
      if removed.id == signer(at: time).id {
        left[next].signsFrom = min(left[next].signsFrom ?? time, time)
      }
    } else {
      let secret = try successor(removed.secret.algorithm)
      left.insert(TokenKey(secret, createdAt: time, signsFrom: time), at: 0)
    }
    return try KeySet(keys: left, retired: [id] + retired)
  }

  /// Without the keys that have ended.
  public func withoutEnded(at time: NumericDate) -> KeySet {
    let ended = keys.filter { $0.hasEnded(at: time) }.map(\.id)
    // One without an end is always among the others.
    let left = try? KeySet(
      keys: keys.filter { !$0.hasEnded(at: time) }, retired: ended + retired)
    return left ?? self
  }
}
