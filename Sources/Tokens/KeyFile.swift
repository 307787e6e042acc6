import ForeignInput
import FoundationEssentials
import Glibc
import SystemCalls

/// `keys.json`: the secrets of both kinds of token, for their owner's eyes only.
public struct KeyFile: Sendable {
  public let access: KeySecret
  public let refresh: KeySecret

  /// Reads the file `keys.json` in `folder`, and makes it with fresh keys if there is none.
  /// - Throws: `KeyFileError`
  public static func loadOrCreate(inFolder path: String) throws -> KeyFile {
    try inFolder(path) { folder in
      if let file = try load(from: folder) { return file }
      try create(in: folder)
      if let file = try load(from: folder) { return file }
      throw KeyFileError(reason: "vanished")
    }
  }

  /// Reads the file `keys.json` in `folder`; `nil` if there is none.
  /// - Throws: `KeyFileError`
  public static func load(inFolder path: String) throws -> KeyFile? {
    try inFolder(path) { folder in try load(from: folder) }
  }

  private static func inFolder<R>(
    _ path: String, _ body: (FileDescriptor) throws -> R
  ) throws -> R {
    do {
      let folder = try OwnFolder(path)
      return try body(folder.descriptor)
    } catch let error as SystemCallError {
      throw KeyFileError(reason: error.description)
    } catch let error as OwnFolderError {
      throw KeyFileError(reason: error.description)
    }
  }

  private static let name = "keys.json"
  private static let sizeLimit = 1 << 16

  private struct Content: Codable {
    var version = 1
    var keys: [Key]

    struct Key: Codable {
      let kid: String
      let typ: String
      var alg = "HS256"
      /// The secret, in base64url.
      let k: String
    }
  }

  private static func load(from folder: FileDescriptor) throws -> KeyFile? {
    guard try System.status(of: name, in: folder) != nil else { return nil }
    let file = try System.open(name, in: folder, O_RDONLY | O_NONBLOCK)
    let status = try System.status(of: file)
    guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0 else {
      throw KeyFileError(reason: "must be a regular file that only its owner may read (0600)")
    }
    if let sharing = System.sharing(of: status) { throw KeyFileError(reason: sharing) }
    let bytes = try System.read(file, limit: sizeLimit)
    guard StrictJSON.isReadable(bytes),
      let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)),
      content.version == 1
    else { throw KeyFileError(reason: "not a key file of version 1") }
    return KeyFile(
      access: try secret(of: content, for: AccessClaims.type),
      refresh: try secret(of: content, for: RefreshClaims.type))
  }

  private static func secret(of content: Content, for type: String) throws -> KeySecret {
    let keys = content.keys.filter { $0.typ == type }
    guard keys.count == 1, let key = keys.first, key.alg == "HS256",
      let bytes = Base64URL.decode(key.k.utf8),
      let secret = try? KeySecret(id: key.kid, bytes: [UInt8](bytes))
    else {
      throw KeyFileError(reason: "needs one HS256 key for \(type); \(WeakSecret())")
    }
    return secret
  }

  /// Written aside and linked into place: whoever comes second keeps what the first one made.
  private static func create(in folder: FileDescriptor) throws {
    let keys = try [AccessClaims.type, RefreshClaims.type].map { type in
      let secret = try KeySecret.random()
      return Content.Key(kid: secret.id, typ: type, k: Base64URL.encode(secret.bytes))
    }
    let fresh = ".\(name)-\(UInt64.random(in: .min ... .max))"
    let file = try System.open(fresh, in: folder, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    defer { try? System.remove(fresh, in: folder) }
    try System.write([UInt8](tokenEncoder().encode(Content(keys: keys))), to: file)
    try System.syncData(file)
    try System.link(fresh, to: name, in: folder)
    try System.sync(folder)
  }
}

/// `keys.json` cannot be used. Never holds anything of a key.
public struct KeyFileError: Error, CustomStringConvertible {
  let reason: String

  public var description: String { "keys.json: \(reason)" }
}
