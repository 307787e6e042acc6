import Execution
import FoundationEssentials
import Glibc
public import HandlerKit
public import Logging
public import SystemCalls

/// Serves FastCGI requests from a listening socket, in one event loop.
public final class Responder: Sendable {
  /// How many requests of one worker may be blocked at once: each has a thread by then.
  public static let threadLimit = 96

  private let loop: EventLoop

  /// - Parameter listener: a listening socket, such as that of descriptor 0
  ///   (`FCGI_LISTENSOCK_FILENO`).
  /// - Throws: `SystemCallError`
  public init(listener: FileDescriptor, router: Router, logger: Logger) throws {
    Connection.startLibrary()
    try System.setNonBlocking(listener)
    loop = try EventLoop(threadLimit: Self.threadLimit, logger: logger)
    try loop.add(Listener(descriptor: listener, loop: loop, router: router, logger: logger))
  }

  /// Starts to serve, on threads of its own, and returns.
  public func start() { loop.start() }

  /// Answers what has come by now, takes no more requests, and returns when the last answer is
  /// written.
  public func stop() { loop.stop() }
}

/// The listening socket.
private final class Listener: EventSource {
  let descriptor: FileDescriptor
  private unowned let loop: EventLoop
  private let router: Router
  private let logger: Logger

  init(descriptor: FileDescriptor, loop: EventLoop, router: Router, logger: Logger) {
    self.descriptor = descriptor
    self.loop = loop
    self.router = router
    self.logger = logger
  }

  var isShared: Bool { true }

  func serve(on executor: ThreadExecutor) -> Bool {
    do {
      guard let descriptor = try System.accept(descriptor) else { return true }
      try loop.add(Peer(Connection(descriptor), router))
    } catch {
      logger.error("cannot accept a connection", metadata: ["error": "\(error)"])
      // Out of descriptors or memory: others may free some soon. Meanwhile this socket is not
      // watched, or each failure would only cause the next one.
      Blocking.run { _ = usleep(100_000) }
    }
    return true
  }
}

/// A connection of the web server, for as long as it is kept.
private final class Peer: EventSource {
  private let connection: Connection
  private let router: Router

  init(_ connection: Connection, _ router: Router) {
    self.connection = connection
    self.router = router
  }

  var descriptor: FileDescriptor { connection.descriptor }

  func serve(on executor: ThreadExecutor) -> Bool {
    guard let incoming = connection.receive() else { return false }
    let request: Request
    do {
      request = try incoming.decoded(at: Date())
    } catch {
      let parameters = incoming.parameters
      let response = router.refusal(
        error, accept: parameters.first("HTTP_ACCEPT"), origin: parameters.first("HTTP_ORIGIN"),
        id: requestID(parameters.first("REQUEST_ID")?.bytes[...]))
      return connection.finish(response.encoded(to: .get))
    }
    let response = executor.run { [self] in await router.respond(to: request) }
    return connection.finish(response.encoded(to: request.method))
  }
}
