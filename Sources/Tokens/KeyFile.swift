import Glibc
import SystemCalls

/// `keys.json`: the keys of both kinds of token. Nobody but its owner may read it.
public struct KeyFile: Equatable, Sendable {
  public let access: KeySet
  public let refresh: KeySet

  public init(access: KeySet, refresh: KeySet) {
    self.access = access
    self.refresh = refresh
  }

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
  private static func create(in folder: FileDescriptor) throws {
    let file = try KeyFile(access: .random(), refresh: .random())
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
