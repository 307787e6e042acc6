import CFastCGI
import FoundationEssentials
import Glibc
import HTTPTypes
public import HandlerKit
public import Logging
import Synchronization
import SystemCalls

/// Serves FastCGI requests from a listening socket, as many at once as there are threads.
///
/// One event queue holds the listening socket, the connections that the web server keeps open,
/// and the flag to stop. Whichever thread is free takes what is ready. So an idle connection
/// binds no thread, and a thread is bound for no longer than its request takes. When the last
/// free thread takes a request, another thread is started, up to `threadLimit`.
public final class Responder: Sendable {
  /// How many threads one worker may have.
  public static let threadLimit = 96
  /// Threads that stay, however little there is to do.
  private static let leastThreads = 2
  /// After so long without work, in milliseconds, a thread beyond those ends.
  private static let idleTime: Int32 = 10_000

  private let listener: Int32
  private let router: Router
  private let logger: Logger
  private let events: EventQueue
  private let stopFlag: StopFlag
  private let connections = Mutex(Connections())
  private let threads = Mutex(Threads())

  private enum Token {
    static let listener: UInt64 = 0
    static let stop: UInt64 = 1
  }

  private struct Connections {
    var open: [UInt64: Connection] = [:]
    var lastToken = Token.stop
  }

  private struct Threads {
    var running: [pthread_t] = []
    var count = 0
    var idle = 0
    var stopping = false
  }

  /// - Parameter listener: a listening socket, such as descriptor 0 (`FCGI_LISTENSOCK_FILENO`).
  /// - Throws: `SystemCallError`
  public init(listener: Int32, router: Router, logger: Logger) throws {
    self.listener = listener
    self.router = router
    self.logger = logger
    events = try EventQueue()
    stopFlag = try StopFlag()
    try System.setNonBlocking(listener)
    try events.add(listener, .everyTimeShared, token: Token.listener)
    try events.add(stopFlag.descriptor, .everyTime, token: Token.stop)
    _ = Self.library
  }

  /// libfcgi waits this long, in milliseconds, for a peer that broke the protocol to close its
  /// end. It reads the limit when it starts; its own is two seconds.
  private static let library: Void = {
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "50", 0)
    FCGX_Init()
    System.ignoreWriteSignals()
  }()

  /// Starts to serve, on threads of its own, and returns.
  public func start() {
    threads.withLock { state in
      for _ in 0..<Self.leastThreads { startThread(&state) }
    }
  }

  /// Takes no more requests, lets those in hand end, and returns when the last thread has ended.
  public func stop() {
    threads.withLock { $0.stopping = true }
    stopFlag.raise()
    while let thread = threads.withLock({ $0.running.popLast() }) { pthread_join(thread, nil) }
    connections.withLock { $0.open.removeAll() }
  }

  // MARK: - Threads

  private func startThread(_ state: inout Threads) {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument {
          Unmanaged<Responder>.fromOpaque(argument).takeRetainedValue().serve()
        }
        return nil
      }, argument.toOpaque())
    guard code == 0 else {
      argument.release()
      logger.warning("cannot start a thread", metadata: ["errno": "\(code)"])
      return
    }
    state.running.append(thread)
    state.count += 1
    state.idle += 1
  }

  /// The life of one thread. Its signals are blocked: one of them in the middle of a read or a
  /// write inside libfcgi would cost the request.
  private func serve() {
    System.blockSignals()
    let executor = ThreadExecutor()
    while let token = nextToken() {
      switch token {
      case Token.listener: accept()
      default: serveConnection(token, executor)
      }
      threads.withLock { $0.idle += 1 }
    }
  }

  /// Waits for something to do; `nil` when this thread shall end.
  private func nextToken() -> UInt64? {
    while true {
      let token: UInt64?
      do {
        token = try events.wait(milliseconds: Self.idleTime)
      } catch {
        logger.critical("cannot wait for requests", metadata: ["error": "\(error)"])
        token = Token.stop
      }
      let goOn = threads.withLock { state -> Bool? in
        switch token {
        case Token.stop:
          state.idle -= 1
          return false
        case nil where state.idle > 1 && state.count > Self.leastThreads && !state.stopping:
          state.idle -= 1
          state.count -= 1
          state.running.removeAll { pthread_equal($0, pthread_self()) != 0 }
          pthread_detach(pthread_self())
          return false
        case nil:
          return nil
        default:
          state.idle -= 1
          if state.idle == 0 && state.count < Self.threadLimit && !state.stopping {
            startThread(&state)
          }
          return true
        }
      }
      if let goOn { return goOn ? token : nil }
    }
  }

  // MARK: - Connections

  private func accept() {
    do {
      guard let descriptor = try System.accept(listener) else { return }
      let connection = Connection(descriptor)
      let token = connections.withLock { state in
        state.lastToken += 1
        state.open[state.lastToken] = connection
        return state.lastToken
      }
      do {
        try events.add(descriptor, .once, token: token)
      } catch {
        _ = connections.withLock { $0.open.removeValue(forKey: token) }
        throw error
      }
    } catch {
      pauseAccepting(after: error)
    }
  }

  /// Out of descriptors or memory: others may free some soon. Until then nobody waits for
  /// connections, or each failure would only wake the next thread.
  private func pauseAccepting(after error: any Error) {
    guard (try? events.remove(listener)) != nil else { return }  // Another thread is at it.
    logger.error("cannot accept a connection", metadata: ["error": "\(error)"])
    var isWatched = false
    repeat {
      usleep(100_000)
      do throws(SystemCallError) {
        try events.add(listener, .everyTimeShared, token: Token.listener)
        isWatched = true
      } catch {
        isWatched = error.code == EEXIST
      }
    } while !isWatched
  }

  private func serveConnection(_ token: UInt64, _ executor: ThreadExecutor) {
    guard let connection = connections.withLock({ $0.open[token] }) else { return }
    if let incoming = connection.receive(), answer(incoming, on: connection, executor) {
      do {
        try events.rearm(connection.descriptor, token: token)
        return
      } catch {
        logger.error("cannot keep a connection", metadata: ["error": "\(error)"])
      }
    }
    _ = connections.withLock { $0.open.removeValue(forKey: token) }
  }

  /// Returns whether the connection is kept for another request.
  private func answer(
    _ incoming: IncomingRequest, on connection: Connection, _ executor: ThreadExecutor
  ) -> Bool {
    let request: Request
    do {
      request = try incoming.decoded(at: Date())
    } catch {
      let response = router.refusal(
        error, accept: incoming.first("HTTP_ACCEPT"), origin: incoming.first("HTTP_ORIGIN"),
        id: requestID(incoming.first("REQUEST_ID")))
      return connection.finish(response.encoded(to: .get))
    }
    let router = router
    let response = executor.run { await router.respond(to: request) }
    return connection.finish(response.encoded(to: request.method))
  }
}
