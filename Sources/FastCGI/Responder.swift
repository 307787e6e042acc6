import CoreMetrics
import Execution
import FoundationEssentials
import Glibc
public import HandlerKit
public import Logging
import Synchronization
public import SystemCalls

/// Serves FastCGI requests from a listening socket, in one event loop.
public final class Responder: Sendable {
  /// How many requests of one worker may be blocked at once: each has a thread by then.
  public static let threadLimit = 96

  private let loop: EventLoop
  private let router: Router

  /// - Parameters:
  ///   - listener: a listening socket, such as that of descriptor 0 (`FCGI_LISTENSOCK_FILENO`).
  ///   - others: where other workers' connections come from, and those of this one go to when it
  ///     stops. Without it they are closed then.
  ///   - hasAnswered: called after each answer.
  /// - Throws: `SystemCallError`
  public convenience init(
    listener: FileDescriptor, router: Router, others: DescriptorQueue? = nil, logger: Logger,
    hasAnswered: @escaping @Sendable () -> Void = {}
  ) throws {
    try self.init(
      listener: listener, router: router, others: others, limits: .init(), logger: logger,
      hasAnswered: hasAnswered)
  }

  init(
    listener: FileDescriptor, router: Router, others: DescriptorQueue? = nil,
    limits: ConnectionWatch.Limits, logger: Logger,
    hasAnswered: @escaping @Sendable () -> Void = {}
  ) throws {
    Connection.startLibrary()
    try System.setNonBlocking(listener)
    self.router = router
    loop = try EventLoop(threadLimit: Self.threadLimit, logger: logger)
    let left = others.map { LeftConnections(queue: $0) }
    let watch = try ConnectionWatch(limits: limits)
    let service = Service(router: router, left: left, watch: watch, hasAnswered: hasAnswered)
    try loop.add(watch)
    try loop.add(Listener(descriptor: listener, loop: loop, service: service, logger: logger))
    if let others {
      try loop.add(HandOver(queue: others, loop: loop, service: service, logger: logger))
    }
  }

  /// Starts to serve, on threads of its own, and returns.
  public func start() { loop.start() }

  /// Answers what has come by now, takes no more requests, and returns when the last answer is
  /// written.
  public func stop() { loop.stop() }

  /// The requests that have been in hand for `age` or longer. To be called by any thread.
  public func requestsInHand(for age: Duration) -> [RequestInHand] {
    let now = SuspendingClock.now
    return loop.watchedSources.compactMap { source in
      guard let taken = (source as? Peer)?.taken, taken.time + age <= now else { return nil }
      return RequestInHand(
        id: taken.id, route: router.route(ofPath: taken.path), age: now - taken.time)
    }
  }
}

/// What all connections share.
private struct Service: Sendable {
  let router: Router
  let left: LeftConnections?
  let watch: ConnectionWatch
  let hasAnswered: @Sendable () -> Void
  let connections = Meter(label: "postern.connections")
}

/// The listening socket.
private final class Listener: EventSource {
  let descriptor: FileDescriptor
  private unowned let loop: EventLoop
  private let service: Service
  private let logger: Logger

  init(descriptor: FileDescriptor, loop: EventLoop, service: Service, logger: Logger) {
    self.descriptor = descriptor
    self.loop = loop
    self.service = service
    self.logger = logger
  }

  var isShared: Bool { true }

  func serve(on executor: ThreadExecutor) -> Bool {
    guard service.watch.hasRoom() else { return true }
    do {
      guard let descriptor = try System.accept(descriptor) else { return true }
      try loop.add(Peer(Connection(descriptor, service.watch), service))
    } catch {
      logger.error("cannot accept a connection", metadata: ["error": "\(error)"])
      // Out of descriptors or memory: others may free some soon. Meanwhile this socket is not
      // watched, or each failure would only cause the next one.
      Blocking.run { _ = usleep(100_000) }
    }
    return true
  }
}

/// Takes over the connections that other workers have left.
private final class HandOver: EventSource {
  private let queue: DescriptorQueue
  private unowned let loop: EventLoop
  private let service: Service
  private let logger: Logger

  init(queue: DescriptorQueue, loop: EventLoop, service: Service, logger: Logger) {
    self.queue = queue
    self.loop = loop
    self.service = service
    self.logger = logger
  }

  var descriptor: FileDescriptor { queue.output }
  var isShared: Bool { true }

  func serve(on executor: ThreadExecutor) -> Bool {
    guard service.watch.hasRoom() else { return true }
    do {
      guard let descriptor = try queue.take() else { return true }
      try loop.add(Peer(Connection(descriptor, service.watch), service))
      return true
    } catch {
      logger.error("cannot take a connection over", metadata: ["error": "\(error)"])
      return false
    }
  }
}

/// A connection of the web server, for as long as it is kept.
private final class Peer: EventSource {
  private let connection: Connection
  private let service: Service
  private let inHand = Mutex<TakenRequest?>(nil)

  /// The request that is being answered; `nil` where there is none.
  var taken: TakenRequest? { inHand.withLock { $0 } }

  init(_ connection: Connection, _ service: Service) {
    self.connection = connection
    self.service = service
    service.connections.increment()
  }

  deinit { service.connections.decrement() }

  var descriptor: FileDescriptor { connection.descriptor }

  var isUnfinished: Bool { connection.state.phase == .receiving }

  /// Where something of it has been read here that was not answered, nobody else can go on with it.
  func loopEnds() {
    if !isUnfinished { service.left?.add(descriptor) }
  }

  func serve(on executor: ThreadExecutor) -> Bool {
    let incoming: IncomingRequest
    switch connection.receive() {
    case .request(let request): incoming = request
    case .incomplete: return true
    case .end: return false
    }
    defer { service.hasAnswered() }
    defer { inHand.withLock { $0 = nil } }
    return connection.finish(executor.run { [self] in await answer(to: incoming) })
  }

  private func answer(to incoming: IncomingRequest) async -> [UInt8] {
    do {
      let request = try incoming.decoded(at: Date())
      inHand.withLock { $0 = TakenRequest(id: request.id, path: request.path, time: .now) }
      return await service.router.respond(to: request).encoded(to: request.method)
    } catch {
      return service.router.refusal(error, of: incoming.parameters).encoded(to: .get)
    }
  }
}
