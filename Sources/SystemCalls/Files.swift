import CLinux
public import Glibc

extension System {
  /// openat(2), always with `O_CLOEXEC` and `O_NOFOLLOW`.
  public static func open(
    _ path: String, in folder: FileDescriptor, _ flags: Int32, mode: mode_t = 0
  ) throws(SystemCallError) -> FileDescriptor {
    FileDescriptor(
      try retrying("open") { openat(folder.number, path, flags | O_CLOEXEC | O_NOFOLLOW, mode) })
  }

  /// open(2), always with `O_CLOEXEC`.
  public static func open(
    _ path: String, _ flags: Int32, mode: mode_t = 0
  ) throws(SystemCallError) -> FileDescriptor {
    FileDescriptor(try retrying("open") { Glibc.open(path, flags | O_CLOEXEC, mode) })
  }

  /// mkdirat(2) with mode 0700. Whatever is there already stays as it is and is no error.
  public static func makeFolder(
    _ path: String, in folder: FileDescriptor
  ) throws(SystemCallError) {
    try retrying("mkdir") {
      mkdirat(folder.number, path, 0o700) == -1 && errno != EEXIST ? -1 : 0
    }
  }

  /// mkdir(2) with mode 0700. Whatever is there already stays as it is and is no error.
  /// Returns whether the folder is new.
  @discardableResult
  public static func makeFolder(_ path: String) throws(SystemCallError) -> Bool {
    try retrying("mkdir") {
      mkdir(path, 0o700) == 0 ? 1 : errno == EEXIST ? 0 : -1
    } == 1
  }

  /// fstat(2)
  public static func status(of file: FileDescriptor) throws(SystemCallError) -> stat {
    var status = stat()
    try retrying("fstat") { fstat(file.number, &status) }
    return status
  }

  /// lstat(2); `nil` where there is nothing.
  public static func status(ofPath path: String) throws(SystemCallError) -> stat? {
    var status = stat()
    let result = try retrying("lstat") {
      lstat(path, &status) == 0 ? 0 : errno == ENOENT ? 1 : -1
    }
    return result == 0 ? status : nil
  }

  /// fstatat(2): what a path leads to; `nil` where there is nothing.
  public static func statusOfTarget(ofPath path: String) throws(SystemCallError) -> stat? {
    var status = stat()
    let result = try retrying("fstatat") {
      fstatat(AT_FDCWD, path, &status, 0) == 0 ? 0 : errno == ENOENT || errno == ENOTDIR ? 1 : -1
    }
    return result == 0 ? status : nil
  }

  /// fstatat(2): what `name` in a folder is, a link itself and not what it leads to; `nil` where
  /// there is nothing.
  public static func status(
    of name: String, in folder: FileDescriptor
  ) throws(SystemCallError) -> stat? {
    var status = stat()
    let result = try retrying("fstatat") {
      fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno == ENOENT ? 1 : -1
    }
    return result == 0 ? status : nil
  }

  /// read(2) until the end of the file, or until there are `limit` bytes.
  public static func read(
    _ file: FileDescriptor, limit: Int
  ) throws(SystemCallError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      let size = try retrying("read") {
        bytes.withUnsafeMutableBytes {
          Glibc.read(file.number, $0.baseAddress?.advanced(by: count), limit - count)
        }
      }
      if size == 0 { break }
      count += size
    }
    bytes.removeLast(limit - count)
    return bytes
  }

  /// write(2) until all of `bytes` are written.
  public static func write(
    _ bytes: [UInt8], to file: FileDescriptor
  ) throws(SystemCallError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try retrying("write") {
        rest.withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
      }
      rest = rest.dropFirst(count)
    }
  }

  /// memfd_create(2): a file of `bytes` that only its descriptor leads to, close-on-exec.
  /// - Parameter name: shown in `/proc`.
  public static func anonymousFile(
    _ name: String, _ bytes: [UInt8] = []
  ) throws(SystemCallError) -> FileDescriptor {
    // MFD_CLOEXEC, a macro that Swift does not see.
    let file = FileDescriptor(try retrying("memfd_create") { memfd_create(name, 1) })
    try write(bytes, to: file)
    return file
  }

  /// fdatasync(2): makes the file's bytes durable. Never tried again on the same descriptor after
  /// an error: the kernel may have dropped the pages that it could not write.
  public static func syncData(_ file: FileDescriptor) throws(SystemCallError) {
    try withoutRetry("fdatasync") { fdatasync(file.number) }
  }

  /// fsync(2): makes the names in a folder durable.
  public static func sync(_ folder: FileDescriptor) throws(SystemCallError) {
    try withoutRetry("fsync") { fsync(folder.number) }
  }

  /// renameat(2) within one folder.
  public static func rename(
    _ old: String, to new: String, in folder: FileDescriptor
  ) throws(SystemCallError) {
    try retrying("rename") { renameat(folder.number, old, folder.number, new) }
  }

  /// What a rename does where there is something at the new name (renameat2(2)).
  public enum Renaming: UInt32, Sendable {
    /// It fails with EEXIST.
    case toFreeName = 1
    /// The two change names, at once.
    case exchange = 2
  }

  /// renameat2(2) within one folder. Returns `false`, and does nothing, where the file system cannot
  /// do it in this way.
  public static func rename(
    _ old: String, to new: String, in folder: FileDescriptor, _ way: Renaming
  ) throws(SystemCallError) -> Bool {
    do {
      try retrying("rename") { renameInFolder(old, new, folder.number, flags: way.rawValue) }
      return true
    } catch  where [EINVAL, ENOSYS].contains(error.code) {
      return false
    }
  }

  /// utimensat(2): sets the time at which the file of this name was last modified to time zero.
  public static func clearModificationTime(
    of name: String, in folder: FileDescriptor
  ) throws(SystemCallError) {
    let unchanged = timespec(tv_sec: 0, tv_nsec: 1 << 30 - 2)
    try retrying("utimensat") {
      utimensat(folder.number, name, [unchanged, timespec()], AT_SYMLINK_NOFOLLOW)
    }
  }

  /// linkat(2) within one folder. A name that is taken stays as it is and is no error.
  public static func link(
    _ old: String, to new: String, in folder: FileDescriptor
  ) throws(SystemCallError) {
    try retrying("link") {
      linkat(folder.number, old, folder.number, new, 0) == -1 && errno != EEXIST ? -1 : 0
    }
  }

  /// unlinkat(2)
  public static func remove(
    _ name: String, in folder: FileDescriptor
  ) throws(SystemCallError) {
    try retrying("unlink") { unlinkat(folder.number, name, 0) }
  }

  /// unlink(2)
  public static func remove(_ path: String) throws(SystemCallError) {
    try retrying("unlink") { unlink(path) }
  }

  /// flock(2), exclusive. Returns whether the lock is ours now; does not wait.
  public static func tryLock(_ file: FileDescriptor) throws(SystemCallError) -> Bool {
    do {
      try retrying("flock") { flock(file.number, LOCK_EX | LOCK_NB) }
      return true
    } catch  where error.code == EWOULDBLOCK {
      return false
    }
  }

  /// flock(2): gives the lock back, also where a child process still holds a copy of `file`.
  public static func unlock(_ file: FileDescriptor) throws(SystemCallError) {
    try retrying("flock") { flock(file.number, LOCK_UN) }
  }

  /// readdir(3): the names in a folder, without `.` and `..`.
  public static func names(in folder: FileDescriptor) throws(SystemCallError) -> [String] {
    // Read through a descriptor of its own: it keeps the place, and closedir(3) closes it.
    let number = try retrying("open") {
      openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard let stream = fdopendir(number) else {
      defer { close(number) }
      throw SystemCallError(call: "fdopendir", code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw SystemCallError(call: "readdir", code: errno) }
    return names
  }
}

extension System {
  /// fchmod(2)
  public static func setMode(_ mode: mode_t, of file: FileDescriptor) throws(SystemCallError) {
    try retrying("fchmod") { fchmod(file.number, mode) }
  }

  /// ftruncate(2)
  public static func truncate(
    _ file: FileDescriptor, to size: Int = 0
  ) throws(SystemCallError) {
    try retrying("ftruncate") { ftruncate(file.number, size) }
  }
}
