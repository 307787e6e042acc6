import ForeignInput
import FoundationEssentials

extension KeyFile {
  /// What `keys.json` says: a list of keys, each for one kind of token and one algorithm.
  ///
  /// Version 1 had one key for each kind, which signs; it is read as such, and written as version 2.
  struct Content: Codable {
    var version = 2
    var keys: [Key]

    struct Key: Codable {
      let kid: String
      let typ: String
      var alg = "HS256"
      /// `nil` in version 1.
      var use: Use?
      /// The secret, in base64url; none of a key that is retired.
      var k: String?
    }

    enum Use: String, Codable {
      case sign, verify, retired
    }
  }

  /// Reads what `encoded` made, or a file of version 1.
  public init(_ bytes: [UInt8]) throws(KeyFileError) {
    guard StrictJSON.isReadable(bytes),
      let content = try? TokenCoders.decoder.decode(Content.self, from: Data(bytes)),
      1...2 ~= content.version
    else { throw KeyFileError(reason: "not a key file of version 1 or 2") }
    guard Set(content.keys.map { ForeignText($0.kid) }).count == content.keys.count else {
      throw KeyFileError(reason: "has two keys of one id")
    }
    access = try Self.keys(of: content, for: AccessClaims.type)
    refresh = try Self.keys(of: content, for: RefreshClaims.type)
  }

  private static func keys(
    of content: Content, for type: String
  ) throws(KeyFileError) -> KeySet {
    var keys: [Content.Use: [KeySecret]] = [:]
    var retired: [String] = []
    for key in content.keys where key.typ == type {
      let use = key.use ?? .sign
      guard use != .retired else {
        retired.append(key.kid)
        continue
      }
      guard key.alg == "HS256", let bytes = key.k.flatMap({ Base64URL.decode($0.utf8) }),
        let secret = try? KeySecret(id: key.kid, bytes: bytes)
      else { throw KeyFileError(reason: "a key for \(type) is not of HS256; \(WeakSecret())") }
      keys[use, default: []].append(secret)
    }
    guard let signing = keys[.sign], signing.count == 1 else {
      throw KeyFileError(reason: "needs one key that signs \(type); \(WeakSecret())")
    }
    return KeySet(signing: signing[0], verifying: keys[.verify] ?? [], retired: retired)
  }

  /// As `keys.json` has them: JSON, secrets and all.
  public func encoded() throws -> [UInt8] {
    let keys = [(AccessClaims.type, access), (RefreshClaims.type, refresh)].flatMap { type, set in
      [key(set.signing, type, .sign)] + set.verifying.map { key($0, type, .verify) }
        + set.retired.map { Content.Key(kid: $0, typ: type, use: .retired) }
    }
    return try [UInt8](TokenCoders.encoder.encode(Content(keys: keys)))
  }

  private func key(_ secret: KeySecret, _ type: String, _ use: Content.Use) -> Content.Key {
    Content.Key(kid: secret.id, typ: type, use: use, k: Base64URL.encode(secret.bytes))
  }
}
