import Glibc
import SystemCalls

/// One lock file a folder, taken with flock(2).
extension FileDocumentStore {
  /// Takes the folder's lock through a descriptor of this call's own, so that threads of one
  /// process exclude each other too. The kernel gives it back when its holder dies.
  func acquireLock(of path: String, _ folder: FileDescriptor) throws -> FileDescriptor {
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

  /// The folder's lock, if nobody has it.
  func tryLock(of path: String, _ folder: FileDescriptor) throws -> FileDescriptor? {
    let lock = try openLock(of: path, folder)
    return try System.tryLock(lock) ? lock : nil
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
    try System.sync(System.open(collection, in: root.descriptor, O_RDONLY | O_DIRECTORY))
    try System.sync(root.descriptor)
    try? System.sync(System.open("..", in: root.descriptor, O_RDONLY | O_DIRECTORY))
  }

  /// Others held a lock for too long.
  struct Busy: Error {}
}
