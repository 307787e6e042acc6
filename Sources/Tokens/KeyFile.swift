public import FoundationEssentials
import Glibc
import SystemCalls

/// `keys.json`: the keys of both kinds of token. Nobody but its owner may read it.
public struct KeyFile: Equatable, Sendable {
  public let access: KeySet
  public let refresh: KeySet
  /// What keys for other purposes are derived from. It stays when the keys of refresh tokens are
  /// rotated, so that known browsers stay known and failed sign-ins counted.
  public let derivation: KeySecret

  /// - Parameter derivation: `nil` for the oldest key that signs refresh tokens.
  public init(access: KeySet, refresh: KeySet, derivation: KeySecret? = nil) {
    self.access = access
    self.refresh = refresh
    self.derivation = derivation ?? refresh.oldestSigner
  }

  /// The kinds of token that have keys.
  public enum Kind: String, CaseIterable, Sendable {
    case access, refresh

    /// The `typ` of the tokens' headers.
    public var type: String {
      switch self {
      case .access: AccessClaims.type
      case .refresh: RefreshClaims.type
      }
    }

    /// Nobody but Postern verifies refresh tokens, and the same claims must give the same bytes.
    public var algorithms: [KeyAlgorithm] {
      self == .access ? KeyAlgorithm.allCases : [.hs256]
    }
  }

  public subscript(kind: Kind) -> KeySet {
    switch kind {
    case .access: access
    case .refresh: refresh
    }
  }

  /// With other keys for one kind of token.
  /// - Parameter derivation: `nil` for the one that it has.
  public func with(
    _ keys: KeySet, for kind: Kind, derivation: KeySecret? = nil
  ) -> KeyFile {
    KeyFile(
      access: kind == .access ? keys : access, refresh: kind == .refresh ? keys : refresh,
      derivation: derivation ?? self.derivation)
  }

  /// Reads the file `keys.json` in `folder`, and makes it with fresh keys if there is none.
  /// - Parameter algorithm: of a new key for access tokens.
  /// - Throws: `KeyFileError`
  public static func loadOrCreate(
    inFolder path: String, algorithm: KeyAlgorithm = .hs256
  ) throws -> KeyFile {
    try inFolder(path) { folder in
      if let file = try load(from: folder) { return file }
      try create(in: folder, algorithm)
      if let file = try load(from: folder) { return file }
      throw KeyFileError(reason: "vanished")
    }
  }

  /// Reads the file `keys.json` in `folder`; `nil` if there is none.
  /// - Throws: `KeyFileError`
  public static func load(inFolder path: String) throws -> KeyFile? {
    try inFolder(path) { folder in try load(from: folder) }
  }

  /// Changes `keys.json` in `folder`, one process at a time, and returns what it is now. A process
  /// that has read it keeps the keys that it has.
  /// - Throws: `KeyFileError`, also where there is none, or where others change it for 2 seconds.
  @discardableResult
  public static func update(
    inFolder path: String, _ change: (KeyFile) throws -> KeyFile
  ) throws -> KeyFile {
    try inFolder(path) { folder in
      // A lock of the folder (flock(2)) outlives the file, which is replaced.
      let deadline = ContinuousClock.now + .seconds(2)
      while try !System.tryLock(folder) {
        guard .now < deadline else { throw KeyFileError(reason: "is being changed by others") }
        usleep(2_000)
      }
      defer { try? System.unlock(folder) }
      guard let file = try load(from: folder) else { throw KeyFileError(reason: "is missing") }
      let changed = try change(file)
      try writeAside(changed, in: folder) { fresh in
        try System.rename(fresh, to: name, in: folder)
      }
      return changed
    }
  }

  /// Takes the keys out of `keys.json` in `folder` that have ended by `time`.
  /// - Returns: their ids.
  /// - Throws: `KeyFileError`
  public static func removeEnded(inFolder path: String, at time: Date) throws -> [String] {
    let now = numericDate(time)
    func ended(_ file: KeyFile) -> [String] {
      Kind.allCases.flatMap { file[$0].keys.filter { $0.hasEnded(at: now) }.map(\.id) }
    }
    guard let file = try load(inFolder: path), !ended(file).isEmpty else { return [] }
    var removed: [String] = []
    try update(inFolder: path) { file in
      removed = ended(file)
      return KeyFile(
        access: file.access.withoutEnded(at: now), refresh: file.refresh.withoutEnded(at: now),
        derivation: file.derivation)
    }
    return removed
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

  private static func load(from folder: FileDescriptor) throws -> KeyFile? {
    guard try System.status(of: name, in: folder) != nil else { return nil }
    let file = try System.open(name, in: folder, O_RDONLY | O_NONBLOCK)
    let status = try System.status(of: file)
    guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0 else {
      throw KeyFileError(reason: "must be a regular file that only its owner may read (0600)")
    }
    if let sharing = System.sharing(of: status) { throw KeyFileError(reason: sharing) }
    let bytes = try System.read(file, limit: sizeLimit)
    return try KeyFile(bytes)
  }

  /// Written aside and linked into place: the second of two that make it keeps what the first made.
  private static func create(in folder: FileDescriptor, _ algorithm: KeyAlgorithm) throws {
    let now = numericDate(Date())
    let file = try KeyFile(
      access: .random(algorithm, at: now), refresh: .random(at: now))
    try writeAside(file, in: folder) { fresh in try System.link(fresh, to: name, in: folder) }
  }

  private static func writeAside(
    _ file: KeyFile, in folder: FileDescriptor, _ place: (_ fresh: String) throws -> Void
  ) throws {
    let fresh = ".\(name)-\(UInt64.random(in: .min ... .max))"
    let descriptor = try System.open(fresh, in: folder, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    defer { try? System.remove(fresh, in: folder) }
    try System.write(file.encoded(), to: descriptor)
    try System.syncData(descriptor)
    try place(fresh)
    try System.sync(folder)
  }
}

/// `keys.json` cannot be used. Never holds anything of a key.
public struct KeyFileError: Error, CustomStringConvertible {
  let reason: String

  public var description: String { "keys.json: \(reason)" }
}
