import FastCGI
import Glibc
import SystemCalls

/// The run folder of a running `postern serve`, with its pid file and its listening socket.
struct RunFolder {
  let socket: ListeningSocket
  /// Whether the socket is a service manager's, which keeps it open and at its path.
  let isSocketManaged: Bool
  var control: ControlSocket

  private let folder: OwnFolder
  let pidFile: PIDFile

  var path: String { folder.path }

  private static let socketName = "postern.sock"
  private static let metricsName = "postern.metrics"

  /// Takes the pid file and makes the socket, in a folder that must be ours alone: passwords would
  /// go to a socket that another user put there.
  /// - Parameters:
  ///   - path: of the folder, which is made where there is none.
  ///   - managed: a service manager's socket, to be used instead of one in the folder.
  ///   - socketTimeout: how long to wait for a process that listens there to end.
  /// - Throws: `ConfigurationError` where it cannot be used, or another process uses it.
  init(_ path: String, managed: ListeningSocket? = nil, socketTimeout: Duration) throws {
    let isNew = try System.makeFolder(path)
    do {
      folder = try OwnFolder(path)
    } catch {
      throw ConfigurationError("the run folder \(error)")
    }
    // The web server, in our group, has to get to the socket in it.
    if isNew { try System.setMode(0o750, of: folder.descriptor) }
    let taken = try PIDFile.take(in: folder)
    do {
      // Workers of a supervisor that was killed may still end what they have in hand.
      socket =
        try managed
        ?? ListeningSocket(path: "\(folder.path)/\(Self.socketName)", patience: socketTimeout)
      isSocketManaged = managed != nil
      pidFile = try taken ?? PIDFile.replace(in: folder)
      control = try ControlSocket(inFolder: folder.path)
    } catch {
      taken?.remove()
      throw error
    }
  }

  /// Goes on with what an earlier program of this process took and made.
  init(takingOver state: SupervisorState) throws {
    folder = try OwnFolder(state.run)
    socket = ListeningSocket(descriptor: state.socket)
    isSocketManaged = state.isSocketManaged ?? false
    control = ControlSocket(inherited: state.control)
    pidFile = PIDFile(takingOver: state.pidFile, in: folder)
  }

  /// The process of the `postern serve` that uses the run folder at `path`, if one does.
  static func holder(_ path: String) throws -> pid_t? {
    do {
      return try PIDFile.holder(in: OwnFolder(path))
    } catch let error as SystemCallError {
      throw ConfigurationError("the run folder \(error)")
    }
  }

  /// Makes the file of what the processes of the service count, for their user alone, in the place
  /// of that of a service that was killed.
  func makeMetricsFile() throws -> FileDescriptor {
    try? System.remove(Self.metricsName, in: folder.descriptor)
    return try System.open(
      Self.metricsName, in: folder.descriptor, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
  }

  /// That of the `postern serve` that uses the run folder at `path`; `nil` where there is none.
  static func metricsFile(_ path: String) throws -> FileDescriptor? {
    let folder = try OwnFolder(path)
    do {
      return try System.open(metricsName, in: folder.descriptor, O_RDONLY | O_NONBLOCK)
    } catch  where error.code == ENOENT {
      return nil
    }
  }

  /// Removes the socket, unless it is a service manager's, the file of metrics and the pid file.
  func clear() {
    let socketName = isSocketManaged ? [] : [Self.socketName]
    for name in [Self.metricsName, ControlSocket.name] + socketName {
      try? System.remove(name, in: folder.descriptor)
    }
    pidFile.remove()
  }
}
