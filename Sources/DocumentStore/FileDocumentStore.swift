import Glibc
import SystemCalls

/// Documents as files below one folder, `<collection>/<2 hex digits>/<key>.json`, under file locks.
///
/// A change is written aside, made durable, and renamed over the old file, so a reader sees the
/// old document or the new one, whole, whatever dies in between.
/// Any number of processes on one machine may share the folder; a network file system will not do.
public struct FileDocumentStore: DocumentStore {
  /// A document larger than this is refused as damaged: no change of ours makes one.
  private static let sizeLimit: off_t = 1 << 20

  /// The store's folder, held open, so that it stays the same folder whatever its path becomes.
  private let root: FileDescriptor
  private let lockTimeout: Duration

  /// Opens the store at `path` and makes its folder (0700) if there is none.
  ///
  /// - Parameter lockTimeout: how long `update` waits for others before it throws `busy`.
  /// - Throws: `DocumentStoreError.failed` where the folder cannot be used, `.damaged` where
  ///   others could write to it or swap it (`OwnFolder`).
  public init(path: String, lockTimeout: Duration = .seconds(2)) throws(DocumentStoreError) {
    do {
      try System.makeFolder(path)
      self.root = try OwnFolder(path).descriptor
      self.lockTimeout = lockTimeout
    } catch let error as SystemCallError {
      throw .failed(error, path: path)
    } catch OwnFolderError.failed(let error, let path) {
      throw .failed(error, path: path)
    } catch OwnFolderError.shared(let path, let reason) {
      throw .damaged(path: path, reason: reason)
    } catch {
      throw .damaged(path: path, reason: "unusable")
    }
  }

  public func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    let layout = try FileLayout(collection: type.collection, key: key)
    return try naming(layout.path) {
      try load(type, key, named: layout.path, in: root)
    }
  }

  public func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    let layout = try FileLayout(collection: type.collection, key: key)
    return try naming(layout.path) {
      let folder = try openFolder(layout)
      let lock = try acquireLock(of: layout.folder, folder)
      defer { try? System.unlock(lock) }

      let old = try load(type, key, named: layout.name, in: folder)
      var new = old
      let result = try change(&new)
      if new != old {
        try commit(new, key, named: layout.name, in: folder)
      } else {
        // Whoever wrote or removed it may have died before that was durable; now somebody relies
        // on it.
        try System.sync(folder)
      }
      return result
    }
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    var keys: [String] = []
    for folder in try folders(of: type) {
      keys += ((try? names(in: folder)) ?? []).compactMap(FileLayout.key(ofName:))
    }
    return keys
  }

  /// Runs `body` while nobody writes to the folder (`tokens/3f`), which must be there.
  func withLock<R>(ofFolder folder: String, _ body: (FileDescriptor) throws -> R) throws -> R {
    try naming(folder) {
      let descriptor = try System.open(folder, in: root, O_RDONLY | O_DIRECTORY)
      let lock = try acquireLock(of: folder, descriptor)
      defer { try? System.unlock(lock) }
      return try body(descriptor)
    }
  }

  /// The names in a folder (`tokens` or `tokens/3f`).
  func names(in folder: String) throws -> [String] {
    try naming(folder) {
      try System.names(in: System.open(folder, in: root, O_RDONLY | O_DIRECTORY))
    }
  }

  // MARK: - Steps of an update

  /// Opens the folder that holds the document, and makes it if there is none.
  private func openFolder(_ layout: FileLayout) throws -> FileDescriptor {
    do {
      return try System.open(layout.folder, in: root, O_RDONLY | O_DIRECTORY)
    } catch  where error.code == ENOENT {
      try System.makeFolder(layout.collection, in: root)
      try System.makeFolder(layout.folder, in: root)
      return try System.open(layout.folder, in: root, O_RDONLY | O_DIRECTORY)
    }
  }

  /// Takes the folder's lock through a descriptor of this call's own, so that threads of one
  /// process exclude each other too. The kernel gives it back when its holder dies.
  private func acquireLock(
    of path: String, _ folder: FileDescriptor
  ) throws -> FileDescriptor {
    let lock = try openLock(of: path, folder)
    let deadline = ContinuousClock.now + lockTimeout
    var pause: UInt32 = 50
    while try !System.tryLock(lock) {
      guard ContinuousClock.now < deadline else { throw Busy() }
      usleep(pause)
      pause = min(pause * 2, 2_000)
    }
    return lock
  }

  /// Opens the lock file of `tokens/3f`. It is made when that folder and those around it are
  /// durable, and never removed: where it is, nobody needs to sync them again, not even when the
  /// one who made them died before it could.
  private func openLock(of path: String, _ folder: FileDescriptor) throws -> FileDescriptor {
    do {
      return try System.open(FileLayout.lockName, in: folder, O_RDWR)
    } catch  where error.code == ENOENT {
      try makeDurable(path)
      return try System.open(FileLayout.lockName, in: folder, O_RDWR | O_CREAT, mode: 0o600)
    }
  }

  /// Syncs the names of `tokens/3f` and of `tokens`, and the store's own, where the folder around
  /// it may be read.
  private func makeDurable(_ path: String) throws {
    let collection = String(path.prefix { $0 != "/" })
    try System.sync(System.open(collection, in: root, O_RDONLY | O_DIRECTORY))
    try System.sync(root)
    try? System.sync(System.open("..", in: root, O_RDONLY | O_DIRECTORY))
  }

  private struct Busy: Error {}

  /// Only a regular file with no second name counts (none is left where it was replaced meanwhile):
  /// no link is followed, and a pipe cannot hang us.
  private func load<D: Document>(
    _ type: D.Type, _ key: String, named name: String, in folder: FileDescriptor
  ) throws -> D? {
    let file: FileDescriptor
    do {
      file = try System.open(name, in: folder, O_RDONLY | O_NONBLOCK)
    } catch  where error.code == ENOENT {
      return nil
    } catch  where error.code == ELOOP {
      throw Envelope.Damage(reason: "a symbolic link")
    }
    let status = try System.status(of: file)
    guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink <= 1 else {
      throw Envelope.Damage(reason: "not a regular file with one name")
    }
    guard status.st_uid == geteuid() else {
      throw Envelope.Damage(reason: "belongs to another user of this machine")
    }
    guard status.st_size <= Self.sizeLimit else { throw Envelope.Damage(reason: "too large") }
    let bytes = try System.read(file, limit: Int(status.st_size))
    return try Envelope.open(bytes, as: type, key: key)
  }

  private func commit<D: Document>(
    _ document: D?, _ key: String, named name: String, in folder: FileDescriptor
  ) throws {
    if let document {
      try replace(name, in: folder, with: Envelope.seal(document, key: key))
    } else {
      try System.remove(name, in: folder)
    }
    try System.sync(folder)
  }

  /// Writes a new file aside, and gives it the name of the old one once it is durable.
  private func replace(_ name: String, in folder: FileDescriptor, with bytes: [UInt8]) throws {
    let fresh = FileLayout.temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
    let file = try System.open(fresh, in: folder, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    do {
      try System.write(bytes, to: file)
      try System.syncData(file)
      try System.rename(fresh, to: name, in: folder)
    } catch {
      try? System.remove(fresh, in: folder)
      throw error
    }
  }

  /// Runs `body` and says of its errors which document they are about.
  func naming<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as SystemCallError {
      throw DocumentStoreError.failed(error, path: path)
    } catch let error as Envelope.Damage {
      throw DocumentStoreError.damaged(path: path, reason: error.reason)
    } catch is Busy {
      throw DocumentStoreError.busy(path: path)
    }
  }
}
