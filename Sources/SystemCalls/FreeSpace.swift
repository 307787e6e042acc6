import Glibc

/// What a file system has left for who is not root (statvfs(3)).
public struct FreeSpace: Equatable, Sendable {
  /// How much of something is left, and how much of it there is in all.
  public struct Share: Equatable, Sendable {
    public let free, all: Int

    public init(free: Int, all: Int) {
      self.free = free
      self.all = all
    }
  }

  public let bytes: Share
  /// Files that can still be made; `nil` where their number has no limit of its own.
  public let files: Share?

  public init(bytes: Share, files: Share?) {
    self.bytes = bytes
    self.files = files
  }
}

extension System {
  /// fstatvfs(3): of the file system that an open file or folder lies on.
  public static func freeSpace(of file: FileDescriptor) throws(SystemCallError) -> FreeSpace {
    var status = statvfs()
    try retrying("fstatvfs") { fstatvfs(file.number, &status) }
    return FreeSpace(
      bytes: .init(
        free: bytes(status.f_bavail, of: status), all: bytes(status.f_blocks, of: status)),
      files: status.f_files == 0
        ? nil
        : .init(free: Int(clamping: status.f_favail), all: Int(clamping: status.f_files)))
  }

  private static func bytes(_ blocks: UInt, of status: statvfs) -> Int {
    let (size, isTooLarge) = blocks.multipliedReportingOverflow(by: UInt(status.f_frsize))
    return isTooLarge ? .max : Int(clamping: size)
  }
}
