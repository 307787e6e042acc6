public import Glibc
import SystemCalls

/// The socket that a web server connects to.
public struct ListeningSocket: Sendable {
  public let descriptor: FileDescriptor

  /// FastCGI's place for the listening socket of a process that somebody else started
  /// (FastCGI specification §2.2, `FCGI_LISTENSOCK_FILENO`).
  public static let inherited: Int32 = 0

  /// As many waiting connections as nginx itself allows (`listen … backlog`).
  private static let backlog: Int32 = 511

  /// Makes the socket at `path`.
  ///
  /// What a dead process left at the path is replaced; anything else there is refused and stays.
  /// - Parameters:
  ///   - mode: who may connect; with 0660 its owner and its group.
  ///   - patience: how long to wait for a process that listens there to end.
  /// - Throws: `ListeningSocketError`
  public init(path: String, mode: mode_t = 0o660, patience: Duration = .zero) throws {
    do {
      descriptor = try System.streamSocket()
      try Self.removeDeadSocket(at: path, patience)
      try System.bind(descriptor, toPath: path)
      try System.setMode(mode, ofPath: path)
      try System.listen(descriptor, backlog: Self.backlog)
    } catch let error as SystemCallError {
      throw ListeningSocketError(path: path, reason: error.description)
    }
  }

  /// The one of a process that runs another program by now.
  public init(descriptor: Int32) { self.descriptor = FileDescriptor(descriptor) }

  private static func removeDeadSocket(at path: String, _ patience: Duration) throws {
    guard path.utf8.count <= System.longestSocketPath else {
      throw ListeningSocketError(
        path: path, reason: "longer than \(System.longestSocketPath) bytes")
    }
    guard let status = try System.status(ofPath: path) else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw ListeningSocketError(path: path, reason: "there is something else at this path")
    }
    let deadline = ContinuousClock.now + patience
    while try System.isListening(atPath: path) {
      guard .now < deadline else {
        throw ListeningSocketError(path: path, reason: "another process listens here")
      }
      usleep(100_000)
    }
    try System.remove(path)
  }
}

/// The socket cannot be made.
public struct ListeningSocketError: Error, CustomStringConvertible {
  let path: String
  let reason: String

  public var description: String { "cannot listen at \(path): \(reason)" }
}
