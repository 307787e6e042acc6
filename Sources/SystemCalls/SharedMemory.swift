import Glibc

/// Memory that processes share: a file that each of them maps.
extension System {
  /// posix_fallocate(3): makes `file` this many bytes long and takes their space now, so that no
  /// write to the mapped memory can find the disk full, which would be a SIGBUS.
  public static func allocate(_ file: FileDescriptor, size: Int) throws(SystemCallError) {
    while true {
      let code = posix_fallocate(file.number, 0, off_t(size))
      if code == 0 { return }
      guard code == EINTR else { throw SystemCallError(call: "posix_fallocate", code: code) }
    }
  }

  /// mmap(2) with `MAP_SHARED`: the first `size` bytes of `file`, which has to be as long.
  public static func map(
    _ file: FileDescriptor, size: Int, isWritable: Bool
  ) throws(SystemCallError) -> UnsafeMutableRawPointer {
    let start = mmap(
      nil, size, isWritable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file.number, 0)
    guard let start, start != MAP_FAILED else { throw SystemCallError(call: "mmap", code: errno) }
    return start
  }

  /// munmap(2)
  public static func unmap(_ start: UnsafeMutableRawPointer, size: Int) { munmap(start, size) }
}
