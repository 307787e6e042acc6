import FastCGI
import FoundationEssentials
import Glibc
import SystemCalls

/// The listening socket that a service manager opened before it started the service, and keeps open
/// when it stops: sd_listen_fds(3).
enum SocketActivation {
  static let environmentNames = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]

  /// The first of the descriptors that are passed (`SD_LISTEN_FDS_START`).
  private static let first: Int32 = 3

  /// - Returns: `nil` where none is passed to this process.
  /// - Throws: `ConfigurationError` for anything but one listening Unix socket: a process that can
  ///   connect passes for the web server, and to a TCP socket each user of the machine can.
  static func socket(
    environment: [String: String] = ProcessInfo.processInfo.environment, process: pid_t = getpid()
  ) throws -> ListeningSocket? {
    guard environment["LISTEN_PID"] == "\(process)", let count = environment["LISTEN_FDS"] else {
      return nil
    }
    guard count == "1" else {
      throw ConfigurationError("the service manager passes \(Int(count) ?? 0) sockets, not one")
    }
    guard System.isListeningSocket(first), System.isUnixSocket(first) else {
      throw ConfigurationError("what the service manager passes is not a listening Unix socket")
    }
    let socket = ListeningSocket(descriptor: first)
    try System.setClosedOnExec(socket.descriptor, true)
    return socket
  }
}
