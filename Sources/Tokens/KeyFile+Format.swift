import ForeignInput
import FoundationEssentials

extension KeyFile {
  /// What `keys.json` says: a list of keys, each for one kind of token and one algorithm.
  ///
  /// Version 1 had one key for each kind, which signs. Version 2 has others that verify, and retired
  /// ones. Version 3 has other algorithms, times, and a secret for derived keys; it is only written
  /// where one of them is needed, so that an older program reads the file for as long as it can.
  struct Content: Codable {
    var version: Int
    var keys: [Key]
    /// `nil` where it is the secret of the oldest key that signs refresh tokens.
    var derivation: Derivation?

    struct Key: Codable {
      let kid: String
      let typ: String
      var alg = KeyAlgorithm.hs256.rawValue
      /// `nil` in version 1.
      var use: Use?
      /// The secret, or the private key's number, in base64url; none of a key that is retired.
      var k: String?
      /// When it was made, when it begins to sign, when it ends: seconds since 1970.
      var created: NumericDate?
      var from: NumericDate?
      var until: NumericDate?
    }

    enum Use: String, Codable {
      case sign, verify, retired
    }

    struct Derivation: Codable {
      let kid: String
      let k: String
    }

    static let latestVersion = 3
  }

  private struct Version: Codable {
    let version: Int
  }

  /// Reads what `encoded` made, or a file of an earlier version.
  public init(_ bytes: [UInt8]) throws(KeyFileError) {
    guard StrictJSON.isReadable(bytes),
      let version = try? TokenCoders.decoder.decode(Version.self, from: Data(bytes)).version
    else { throw KeyFileError(reason: "not a key file") }
    guard 1...Content.latestVersion ~= version else {
      throw KeyFileError(
        reason: "of version \(version), and this program reads 1 to \(Content.latestVersion): "
          + "a newer one wrote it")
    }
    guard let content = try? TokenCoders.decoder.decode(Content.self, from: Data(bytes)) else {
      throw KeyFileError(reason: "not a key file of version \(version)")
    }
    guard Set(content.keys.map { ForeignText($0.kid) }).count == content.keys.count else {
      throw KeyFileError(reason: "has two keys of one id")
    }
    let refresh = try Self.keys(of: content, for: .refresh)
    self.init(
      access: try Self.keys(of: content, for: .access), refresh: refresh,
      derivation: try content.derivation.map(Self.secret))
  }

  private static func keys(of content: Content, for kind: Kind) throws(KeyFileError) -> KeySet {
    var keys: [TokenKey] = []
    var retired: [String] = []
    for key in content.keys where key.typ == kind.type {
      let use = key.use ?? .sign
      guard use != .retired else {
        retired.append(key.kid)
        continue
      }
      guard let algorithm = KeyAlgorithm(rawValue: key.alg), kind.algorithms.contains(algorithm),
        let bytes = key.k.flatMap({ Base64URL.decode($0.utf8) }),
        let secret = try? KeySecret(id: key.kid, algorithm: algorithm, bytes: bytes)
      else {
        let names = kind.algorithms.map(\.rawValue).joined(separator: ", ")
        throw KeyFileError(reason: "a key for \(kind.type) is none of \(names); \(WeakSecret())")
      }
      keys.append(
        TokenKey(
          secret, createdAt: key.created, signsFrom: use == .sign ? key.from ?? 0 : nil,
          verifiesUntil: key.until))
    }
    guard content.version > 2 || keys.count(where: { $0.signsFrom != nil }) == 1 else {
      throw KeyFileError(reason: "needs one key that signs \(kind.type); \(WeakSecret())")
    }
    do {
      return try KeySet(keys: keys, retired: retired)
    } catch {
      throw KeyFileError(reason: "for \(kind.type) it \(error)")
    }
  }

  private static func secret(_ derivation: Content.Derivation) throws(KeyFileError) -> KeySecret {
    guard let bytes = Base64URL.decode(derivation.k.utf8),
      let secret = try? KeySecret(id: derivation.kid, bytes: bytes)
    else { throw KeyFileError(reason: "the secret for derived keys: \(WeakSecret())") }
    return secret
  }

  /// As `keys.json` has them: JSON, secrets and all.
  public func encoded() throws -> [UInt8] {
    let keys = Kind.allCases.flatMap { kind in
      self[kind].keys.map { key($0, kind) }
        + self[kind].retired.map { Content.Key(kid: $0, typ: kind.type, use: .retired) }
    }
    let other = derivation == refresh.oldestSigner ? nil : derivation
    let isOfVersionTwo =
      other == nil
      && Kind.allCases.allSatisfy { kind in
        self[kind].keys.allSatisfy {
          $0.secret.algorithm == .hs256 && $0.verifiesUntil == nil
        } && self[kind].keys.count { $0.signsFrom != nil } == 1
      }
    let content = Content(
      version: isOfVersionTwo ? 2 : Content.latestVersion, keys: keys,
      derivation: other.map { .init(kid: $0.id, k: Base64URL.encode($0.bytes)) })
    return try [UInt8](TokenCoders.encoder.encode(content))
  }

  private func key(_ key: TokenKey, _ kind: Kind) -> Content.Key {
    Content.Key(
      kid: key.id, typ: kind.type, alg: key.secret.algorithm.rawValue,
      use: key.signsFrom == nil ? .verify : .sign, k: Base64URL.encode(key.secret.bytes),
      created: key.createdAt, from: key.signsFrom == 0 ? nil : key.signsFrom,
      until: key.verifiesUntil)
  }
}
