import Synchronization
public import SystemCalls

/// The last of a disk, which is kept for what has to go on: changes of documents that are there.
public final class DiskReserve: Sendable {
  /// In bytes; 0 keeps nothing.
  private let size: Int
  /// For how long an answer of the file system is good.
  private let interval: Duration
  private let latest = Mutex<(time: ContinuousClock.Instant, isShort: Bool)?>(nil)

  /// A small disk keeps no more than this share of itself: one in so many bytes.
  static let smallestShare = 10
  /// In bytes: what a small document takes of most disks.
  static let block = 4096

  public init(size: Int, interval: Duration = .seconds(1)) {
    self.size = size
    self.interval = interval
  }

  /// Whether there is less than the reserve where `folder` lies. Asks the file system once in
  /// `interval` at most. Where it cannot tell, there is enough: what does not fit fails by itself.
  public func isShort(in folder: FileDescriptor) -> Bool {
    guard size > 0 else { return false }
    return latest.withLock { latest in
      let now = ContinuousClock.now
      if let latest, now - latest.time < interval { return latest.isShort }
      let isShort = (try? System.freeSpace(of: folder)).map(isShort) ?? false
      latest = (now, isShort)
      return isShort
    }
  }

  /// Each document takes a file, so some of these are kept, too.
  func isShort(_ space: FreeSpace) -> Bool {
    isShort(space.bytes, of: size)
      || space.files.map { isShort($0, of: size / Self.block) } ?? false
  }

  private func isShort(_ share: FreeSpace.Share, of reserve: Int) -> Bool {
    share.free < min(reserve, share.all / Self.smallestShare)
  }
}
