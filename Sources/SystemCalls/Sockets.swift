import CLinux
import Glibc

extension System {
  /// socket(2): a stream socket of the file system (unix(7)), close-on-exec and non-blocking.
  public static func streamSocket() throws(SystemCallError) -> FileDescriptor {
    try unixSocket(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
  }

  private static func unixSocket(_ type: UInt32) throws(SystemCallError) -> FileDescriptor {
    FileDescriptor(
      try retrying("socket") { socket(AF_UNIX, Int32(type | SOCK_CLOEXEC.rawValue), 0) })
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

  /// connect(2): whether anybody listens at `path`, be it with a full backlog.
  public static func isListening(atPath path: String) throws(SystemCallError) -> Bool {
    let socket = try streamSocket()
    let bytes = try socketAddress(ofPath: path)
    return try retrying("connect") {
      let result = bytes.withUnsafeBytes {
        Glibc.connect(socket.number, socketAddress(in: $0), socklen_t($0.count))
      }
      guard result == -1 else { return 0 }
      return errno == ECONNREFUSED ? 1 : errno == EAGAIN ? 0 : -1
    } == 0
  }

  /// connect(2): a connection to what listens at `path`, close-on-exec. Reading from it waits.
  public static func connect(toPath path: String) throws(SystemCallError) -> FileDescriptor {
    let socket = try unixSocket(SOCK_STREAM.rawValue)
    let bytes = try socketAddress(ofPath: path)
    try retrying("connect") {
      bytes.withUnsafeBytes {
        Glibc.connect(socket.number, socketAddress(in: $0), socklen_t($0.count))
      }
    }
    return socket
  }

  /// A socket that sends datagrams to what is bound to `name`, as connect(2) has it: a path or, after
  /// an `@`, a name that no file has (unix(7), "abstract").
  /// - Throws: also where nothing is bound to it.
  public static func datagramSocket(to name: String) throws(SystemCallError) -> FileDescriptor {
    let socket = try unixSocket(SOCK_DGRAM.rawValue)
    // Of an abstract name every byte counts, so the address ends with it.
    let isAbstract = name.hasPrefix("@")
    var bytes = try socketAddress(ofPath: name)
    let start = bytes.count - longestSocketPath - 1
    if isAbstract {
      bytes[start] = 0
      bytes.removeLast(bytes.count - start - name.utf8.count)
    }
    try retrying("connect") {
      bytes.withUnsafeBytes {
        Glibc.connect(socket.number, socketAddress(in: $0), socklen_t($0.count))
      }
    }
    return socket
  }

  /// send(2): one message, whole.
  public static func send(
    _ bytes: [UInt8], on socket: FileDescriptor
  ) throws(SystemCallError) {
    try retrying("send") {
      bytes.withUnsafeBytes {
        Glibc.send(socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
    }
  }

  /// recv(2) without waiting: what has come, up to `limit` bytes; none where the peer has closed.
  /// - Throws: `EAGAIN` where nothing has come.
  public static func receive(
    _ socket: FileDescriptor, limit: Int
  ) throws(SystemCallError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = try retrying("recv") {
      bytes.withUnsafeMutableBytes {
        recv(socket.number, $0.baseAddress, limit, Int32(MSG_DONTWAIT))
      }
    }
    return Array(bytes.prefix(count))
  }

  /// recv(2) without waiting.
  /// - Parameter isToStay: whether what has come is there for the next call, too (`MSG_PEEK`).
  /// - Returns: how many bytes have come into `buffer`: 0 where the peer has closed, `nil` where there
  ///   are none yet.
  public static func receive(
    _ socket: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer, isToStay: Bool = false
  ) throws(SystemCallError) -> Int? {
    do throws(SystemCallError) {
      return try retrying("recv") {
        recv(
          socket.number, buffer.baseAddress, buffer.count,
          Int32(isToStay ? MSG_DONTWAIT | MSG_PEEK : MSG_DONTWAIT))
      }
    } catch  where error.code == EAGAIN {
      return nil
    }
  }

  /// send(2) without waiting.
  /// - Returns: whether there was room for all of the bytes.
  public static func sendAtOnce(
    _ bytes: [UInt8], on socket: FileDescriptor
  ) throws(SystemCallError) -> Bool {
    do throws(SystemCallError) {
      return try retrying("send") {
        bytes.withUnsafeBytes {
          Glibc.send(
            socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
      } == bytes.count
    } catch  where error.code == EAGAIN {
      return false
    }
  }

  /// socketpair(2): two ends of a stream, close-on-exec. What is written to one is read from the
  /// other.
  public static func socketPair() throws(SystemCallError) -> (FileDescriptor, FileDescriptor) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    try retrying("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
    return (FileDescriptor(ends[0]), FileDescriptor(ends[1]))
  }

  /// shutdown(2): nothing more is received, and a wait for that ends. What has come can still be
  /// read, and sending goes on.
  public static func endReceiving(_ socket: Int32) {
    shutdown(socket, Int32(SHUT_RD))
  }

  /// poll(2): whether a socket has room for what is written to it, within so many milliseconds. A
  /// stream socket of the file system has where three quarters of its buffer are free (unix(7)).
  public static func hasRoom(_ socket: FileDescriptor, within milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
    let count = try? retrying("poll") { poll(&entry, 1, milliseconds) }
    return count == 1
  }

  /// listen(2)
  public static func listen(
    _ socket: FileDescriptor, backlog: Int32
  ) throws(SystemCallError) {
    try retrying("listen") { Glibc.listen(socket.number, backlog) }
  }

  /// accept4(2), close-on-exec. `nil` when no connection waits any longer.
  public static func accept(
    _ listener: FileDescriptor
  ) throws(SystemCallError) -> FileDescriptor? {
    do throws(SystemCallError) {
      return FileDescriptor(
        try retrying("accept") {
          accept4(listener.number, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
        })
    } catch  where error.code == EAGAIN || error.code == ECONNABORTED {
      return nil
    }
  }

  /// `SO_RCVTIMEO` and `SO_SNDTIMEO` (socket(7)): a read or write that waits longer fails.
  public static func setTimeout(
    seconds: Int, of socket: FileDescriptor
  ) throws(SystemCallError) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      try retrying("setsockopt") { setsockopt(socket.number, SOL_SOCKET, option, &time, size) }
    }
  }

  /// `SO_ACCEPTCONN` (socket(7)): whether `number` is a listening socket.
  public static func isListeningSocket(_ number: Int32) -> Bool {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1
  }

  /// `SO_DOMAIN` (socket(7)): whether `number` is a socket of the file system (unix(7)).
  public static func isUnixSocket(_ number: Int32) -> Bool {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(number, SOL_SOCKET, SO_DOMAIN, &value, &size) == 0 && value == AF_UNIX
  }

  /// fcntl(2): makes reads, writes and accepts return at once.
  public static func setNonBlocking(_ descriptor: FileDescriptor) throws(SystemCallError) {
    let flags = try retrying("fcntl") { fcntl(descriptor.number, F_GETFL) }
    try retrying("fcntl") { fcntl(descriptor.number, F_SETFL, flags | O_NONBLOCK) }
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
