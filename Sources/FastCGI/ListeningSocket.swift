import Glibc
import SystemCalls

/// The socket that a web server connects to.
public struct ListeningSocket: Sendable {
  public let descriptor: FileDescriptor

  /// FastCGI's place for the listening socket of a process that somebody else started
  /// (FastCGI specification §2.2, `FCGI_LISTENSOCK_FILENO`).
  public static let inherited: Int32 = 0

  /// As many waiting connections as nginx itself allows (`listen … backlog`).
  private static let backlog: Int32 = 511

  /// Makes the socket. One at a path has the mode 0660: its owner and its group may connect.
  ///
  /// What a dead process left at the path is replaced; anything else there is refused and stays.
  /// - Parameter patience: how long to wait for a process that listens there to end.
  /// - Throws: `ListeningSocketError`
  public init(_ address: SocketAddress, patience: Duration = .zero) throws {
    do {
      descriptor = try System.streamSocket(domain: address.domain)
      switch address {
      case .unix(let path):
        try Self.removeDeadSocket(at: path, patience)
        try System.bind(descriptor, to: address)
        try System.setMode(0o660, ofPath: path)
      case .loopback:
        try System.setOption(SO_REUSEADDR, to: 1, of: descriptor)
        try System.bind(descriptor, to: address)
      }
      try System.listen(descriptor, backlog: Self.backlog)
    } catch let error as SystemCallError {
      throw ListeningSocketError(address: address, reason: error.description)
    }
  }

  private static func removeDeadSocket(at path: String, _ patience: Duration) throws {
    let address = SocketAddress.unix(path: path)
    guard path.utf8.count <= SocketAddress.longestPath else {
      throw ListeningSocketError(
        address: address, reason: "longer than \(SocketAddress.longestPath) bytes")
    }
    guard let status = try System.status(ofPath: path) else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw ListeningSocketError(address: address, reason: "there is something else at this path")
    }
    let deadline = ContinuousClock.now + patience
    while try System.isListening(at: address) {
      guard .now < deadline else {
        throw ListeningSocketError(address: address, reason: "another process listens here")
      }
      usleep(100_000)
    }
    try System.remove(path)
  }
}

/// The socket cannot be made.
public struct ListeningSocketError: Error, CustomStringConvertible {
  let address: SocketAddress
  let reason: String

  public var description: String {
    switch address {
    case .unix(let path): "cannot listen at \(path): \(reason)"
    case .loopback(let port): "cannot listen on 127.0.0.1:\(port): \(reason)"
    }
  }
}
