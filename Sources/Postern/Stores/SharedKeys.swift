import DocumentStore
import FoundationEssentials
import Tokens

/// What the hosts of a store know of each other's keys: enough to tell whether they are the same, and
/// nothing that signs. A key's digest is derived from it by HMAC, which cannot be turned around.
struct SharedKeys: Document {
  static let collection = "keys"
  /// Of the only one.
  static let name = "shared"

  struct Key: Codable, Equatable, Sendable {
    let kind: KeyFile.Kind.RawValue
    /// The `kid` of its tokens.
    let id: String
    let digest: String
    /// As `TokenKey` has them.
    let signsFrom: NumericDate?
    var verifiesUntil: NumericDate?

    /// Whether no token of it can be about.
    func isSilent(at time: NumericDate) -> Bool { signsFrom.map { $0 > time } ?? true }
    func hasEnded(at time: NumericDate) -> Bool { verifiesUntil.map { $0 <= time } ?? false }
  }

  private(set) var keys: [Key]
  /// The digest of the key that others are derived from.
  private(set) var derivation: String
  /// The ids of keys that must not come back, the latest first.
  private(set) var retired: [String] = []

  private static let retiredLimit = 200

  /// Those of a host.
  init(_ file: KeyFile, at time: Date) {
    let now = Int(time.timeIntervalSince1970)
    keys = KeyFile.Kind.allCases.flatMap { kind in
      file[kind].keys.map { key in
        Key(
          kind: kind.rawValue, id: key.id, digest: Self.digest(of: key.secret),
          signsFrom: key.signsFrom, verifiesUntil: key.verifiesUntil)
      }
    }.filter { !$0.hasEnded(at: now) }
    derivation = Self.digest(of: file.derivation)
  }

  private static func digest(of secret: KeySecret) -> String {
    secret.derivedKey(for: "digest").prefix(16).hexadecimal
  }

  // MARK: - What hosts agree on

  /// Adds what a host brings to what the others have.
  ///
  /// A key that signs nothing yet may be missing here or there: it is on its way to all hosts.
  /// - Throws: `ForeignKeys` where tokens of the others would be refused by this host, or the other way
  ///   round.
  mutating func join(_ own: SharedKeys, at now: NumericDate) throws(ForeignKeys) {
    dropEnded(at: now)
    guard derivation == own.derivation else {
      throw ForeignKeys("others derive keys from another one")
    }
    for index in keys.indices {
      guard let mine = own[keys[index]] else {
        if keys[index].isSilent(at: now) { continue }
        throw ForeignKeys("the key \(keys[index].id) is missing here")
      }
      guard mine.digest == keys[index].digest else {
        throw ForeignKeys("the key \(mine.id) is another one here")
      }
      keys[index].verifiesUntil = [keys[index].verifiesUntil, mine.verifiesUntil]
        .compactMap(\.self).min()
    }
    for mine in own.keys where self[mine] == nil {
      guard !retired.contains(mine.id) else {
        throw ForeignKeys("the key \(mine.id) is retired, and still here")
      }
      guard mine.isSilent(at: now) else {
        throw ForeignKeys("the key \(mine.id) is missing there")
      }
      keys.append(mine)
    }
  }

  /// Takes those of a host in the place of what there was.
  mutating func replace(by own: SharedKeys) {
    let gone = keys.filter { own[$0] == nil }.map(\.id)
    let ids = Set(own.keys.map(\.id))
    retired = Array((gone + retired).filter { !ids.contains($0) }.prefix(Self.retiredLimit))
    (keys, derivation) = (own.keys, own.derivation)
  }

  private subscript(key: Key) -> Key? {
    keys.first { $0.kind == key.kind && $0.id == key.id }
  }

  private mutating func dropEnded(at now: NumericDate) {
    let ended = keys.filter { $0.hasEnded(at: now) }.map(\.id)
    keys.removeAll { $0.hasEnded(at: now) }
    retired = Array((ended + retired).prefix(Self.retiredLimit))
  }
}

/// Keys with which a host must not serve beside the others.
struct ForeignKeys: Error, Equatable, CustomStringConvertible {
  let reason: String

  init(_ reason: String) { self.reason = reason }

  var description: String {
    "the keys of this host are not those of the other hosts of the store: \(reason). Copy keys.json "
      + "from one of them, or set the same secrets; \"postern key publish\" makes the keys of this "
      + "host those that all must have"
  }
}

extension SharedKeys {
  /// Makes sure that this host and the others have the same keys, and is the first where there are
  /// none.
  ///
  /// - Throws: `ConfigurationError` where they have not; `DocumentStoreError`
  static func join(_ own: SharedKeys, in store: any DocumentStore, at time: Date) throws {
    do {
      try store.update(SharedKeys.self, name) { shared in
        guard shared != nil else { return shared = own }
        try shared?.join(own, at: Int(time.timeIntervalSince1970))
      }
    } catch let error as ForeignKeys {
      throw ConfigurationError("\(error)")
    }
  }

  /// Makes the keys of this host those that all hosts must have.
  /// - Throws: `DocumentStoreError`
  static func publish(_ own: SharedKeys, in store: any DocumentStore) throws {
    try store.update(SharedKeys.self, name) { shared in
      guard shared != nil else { return shared = own }
      shared?.replace(by: own)
    }
  }
}
