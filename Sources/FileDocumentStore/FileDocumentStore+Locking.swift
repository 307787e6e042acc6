import Execution
import Glibc
import SystemCalls

/// One lock file a folder, taken with flock(2) by one thread of a process at a time.
extension FileDocumentStore {
  /// Does `body` while nobody else has the lock of `tokens/3f`.
  ///
  /// Threads of this process wait for their turn, in order. The one whose turn it is tries for the
  /// lock of the file, which the kernel gives back when its holder dies.
  /// - Throws: `Busy` where it is not to be had before the deadline; `SystemCallError`; what `body`
  ///   throws.
  func withLock<R>(
    of path: String, _ folder: FileDescriptor, until deadline: ContinuousClock.Instant,
    _ body: () throws -> R
  ) throws -> R {
    let askedAt = ContinuousClock.now
    guard turns.take(path, until: deadline) else {
      timers.lockWait.record(since: askedAt)
      throw Busy()
    }
    defer { turns.giveBack(path) }
    let lock = try openLock(of: path, folder)
    try take(lock, until: deadline)
    timers.lockWait.record(since: askedAt)
    defer { try? System.unlock(lock) }
    return try body()
  }

  private func take(
    _ lock: FileDescriptor, until deadline: ContinuousClock.Instant
  ) throws {
    var pause: UInt32 = 50
    let start = ContinuousClock.now
    while try !System.tryLock(lock) {
      guard .now < deadline else { throw Busy() }
      usleep(pause)
      // A commit takes a fraction of a millisecond; who has waited for many is not to spin.
      pause = min(pause * 2, .now < start + .milliseconds(50) ? 250 : 2_000)
    }
  }

  /// Does `body` under the lock of `tokens/3f` if nobody has it; returns `nil` if somebody has.
  func withLockIfFree<R>(
    of path: String, _ folder: FileDescriptor, _ body: () throws -> R
  ) throws -> R? {
    guard turns.take(path, until: .now) else { return nil }
    defer { turns.giveBack(path) }
    let lock = try openLock(of: path, folder)
    guard try System.tryLock(lock) else { return nil }
    defer { try? System.unlock(lock) }
    return try body()
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
