public import Glibc

/// One state of one file: which file it is, and when it was last changed (inode(7)).
///
/// Any change of the file's bytes, length, owner, mode or names makes it another one, unless it
/// follows so soon that the times are the same: see `isSettled`.
public struct FileVersion: Equatable, Sendable {
  private let device: dev_t
  private let inode: ino_t
  private let size: off_t
  /// When its bytes were last written, or what that was set to.
  public let modified: FileTime
  private let changed: FileTime

  public init(_ status: stat) {
    device = status.st_dev
    inode = status.st_ino
    size = status.st_size
    modified = FileTime(status.st_mtim)
    changed = FileTime(status.st_ctim)
  }

  /// Whether every change from `now` on makes this another version.
  ///
  /// The kernel takes the times of files from a clock that ticks every 1 to 10 ms, so two changes
  /// within a tick may bear the same time, and the number of a removed file comes back at once.
  /// Not so when the last change is older than 20 ms: two ticks of the slowest. One that bears a
  /// time to come, because the clock was set back, is not settled either.
  public func isSettled(at now: FileTime) -> Bool { changed.isOlder(than: now) }
}

/// A time of the clock that the kernel takes the times of files from.
public struct FileTime: Equatable, Sendable {
  private let seconds: Int
  private let nanoseconds: Int

  public init(_ time: timespec) {
    seconds = time.tv_sec
    nanoseconds = time.tv_nsec
  }

  public static let zero = FileTime(timespec())

  public static var now: FileTime { FileTime(kernelFileClock()) }

  fileprivate func isOlder(than now: FileTime) -> Bool {
    let age = (now.seconds &- seconds) &* 1_000_000_000 &+ now.nanoseconds &- nanoseconds
    return seconds <= now.seconds && (now.seconds - seconds > 1 || age > 20_000_000)
  }
}

extension System {
  /// fstat(2), past what stands in for the C library's: its times go with `FileTime.now`.
  public static func fileStatus(of file: FileDescriptor) throws(SystemCallError) -> stat {
    var status = stat()
    try retrying("fstat") { kernelStatus(of: file.number, &status) }
    return status
  }

  /// The version of what is at a path, a link itself and not what it leads to; `nil` where that
  /// cannot be told, for whatever reason. It costs one system call.
  public static func version(ofPath path: String) -> FileVersion? {
    version(of: path, in: AT_FDCWD)
  }

  /// The version of what is at a path below a folder, as above.
  public static func version(of path: String, in folder: FileDescriptor) -> FileVersion? {
    version(of: path, in: folder.number)
  }

  private static func version(of path: String, in folder: Int32) -> FileVersion? {
    var status = stat()
    return kernelStatus(ofPath: path, in: folder, &status) == 0 ? FileVersion(status) : nil
  }
}
