import CLinux
import Glibc

extension System {
  /// open(2) with `O_PATH`: the file itself, whatever its path leads to later.
  public static func pin(_ path: String) throws(SystemCallError) -> FileDescriptor {
    try open(path, open_path)
  }

  /// The program that this process runs.
  public static func pathOfThisProgram() throws(SystemCallError) -> String {
    try destination(ofLink: "/proc/self/exe")
  }

  /// Where an open file or folder is, from the root and without links.
  public static func path(of file: FileDescriptor) throws(SystemCallError) -> String {
    try destination(ofLink: "/proc/self/fd/\(file.number)")
  }

  /// readlink(2), for the links of proc(5).
  private static func destination(ofLink path: String) throws(SystemCallError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = try retrying("readlink") { readlink(path, &buffer, buffer.count) }
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
