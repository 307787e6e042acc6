import CLinux
import Glibc

extension System {
  /// socket(2): a stream socket of the file system (unix(7)), close-on-exec and non-blocking.
  public static func streamSocket() throws(SystemCallError) -> FileDescriptor {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    return FileDescriptor(try retrying("socket") { socket(AF_UNIX, type, 0) })
  }

  /// The longest path that a socket may have, in bytes (unix(7)).
  public static let longestSocketPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// bind(2)
  public static func bind(
    _ socket: FileDescriptor, toPath path: String
  ) throws(SystemCallError) {
    let bytes = try socketAddress(ofPath: path)
    try retrying("bind") {
      bytes.withUnsafeBytes {
        Glibc.bind(socket.number, socketAddress(in: $0), socklen_t($0.count))
      }
    }
  }

  /// connect(2): whether a process listens at `path`, also with a full backlog.
  public static func isListening(atPath path: String) throws(SystemCallError) -> Bool {
    let socket = try streamSocket()
    let bytes = try socketAddress(ofPath: path)
    return try retrying("connect") {
      let result = bytes.withUnsafeBytes {
        connect(socket.number, socketAddress(in: $0), socklen_t($0.count))
      }
      guard result == -1 else { return 0 }
      return errno == ECONNREFUSED ? 1 : errno == EAGAIN ? 0 : -1
    } == 0
  }

  /// listen(2)
  public static func listen(
    _ socket: FileDescriptor, backlog: Int32
  ) throws(SystemCallError) {
    try retrying("listen") { Glibc.listen(socket.number, backlog) }
  }

  /// accept4(2), close-on-exec. The caller closes it. `nil` when no connection waits.
  public static func accept(_ listener: Int32) throws(SystemCallError) -> Int32? {
    do throws(SystemCallError) {
      return try retrying("accept") { accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue)) }
    } catch  where error.code == EAGAIN || error.code == ECONNABORTED {
      return nil
    }
  }

  /// `SO_RCVTIMEO` and `SO_SNDTIMEO` (socket(7)): a read or write that waits longer fails.
  public static func setTimeout(
    seconds: Int, of socket: Int32
  ) throws(SystemCallError) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      try retrying("setsockopt") { setsockopt(socket, SOL_SOCKET, option, &time, size) }
    }
  }

  /// `SO_ACCEPTCONN` (socket(7)): whether `number` is a listening socket.
  public static func isListeningSocket(_ number: Int32) -> Bool {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1
  }

  /// fcntl(2): makes reads, writes and accepts on `number` return at once.
  public static func setNonBlocking(_ number: Int32) throws(SystemCallError) {
    let flags = try retrying("fcntl") { fcntl(number, F_GETFL) }
    try retrying("fcntl") { fcntl(number, F_SETFL, flags | O_NONBLOCK) }
  }

  /// chmod(2)
  public static func setMode(_ mode: mode_t, ofPath path: String) throws(SystemCallError) {
    try retrying("chmod") { chmod(path, mode) }
  }
}

/// The address as the kernel reads it: a `sockaddr_un`.
private func socketAddress(ofPath path: String) throws(SystemCallError) -> [UInt8] {
  guard path.utf8.count <= System.longestSocketPath else {
    throw SystemCallError(call: "bind", code: ENAMETOOLONG)
  }
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  return withUnsafeBytes(of: &address) { Array($0) }
}

private func socketAddress(in bytes: UnsafeRawBufferPointer) -> UnsafePointer<sockaddr>? {
  bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
}
