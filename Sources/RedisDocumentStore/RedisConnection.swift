import CHiredis
import Glibc

/// One connection to one server, used by one thread at a time. hiredis connects and reads; what is
/// sent is written here, since hiredis would let a closed connection end the process (SIGPIPE).
///
/// `@unchecked Sendable`: the pool hands it to one thread at a time.
final class RedisConnection: @unchecked Sendable {
  /// Bytes that a reply may have: the largest document, and what is around it.
  static let longestReply = 4 << 20
  /// Elements that an array in a reply may have: hiredis asks for their memory before it has them.
  static let mostElements: Int32 = 65_536

  private let context: UnsafeMutablePointer<redisContext>
  /// How hiredis makes what it has read.
  private let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
  private let timeout: Duration
  /// Whether nothing is under way on it: after an error, a late reply would pass for that of the
  /// next command.
  private(set) var isUsable = true
  let host: RedisHost?

  /// - Parameter timeout: of the connection, and of each command.
  /// - Throws: `RedisError.unreachable`
  convenience init(to host: RedisHost, timeout: Duration) throws(RedisError) {
    let context = try Self.connected("\(host)") {
      redisConnectWithTimeout(host.name, Int32(host.port), timeval(timeout))
    }
    // What a host that vanished never says, the kernel asks for.
    redisEnableKeepAlive(context)
    self.init(context, host, timeout)
  }

  convenience init(toUnixSocket path: String, timeout: Duration) throws(RedisError) {
    let context = try Self.connected(path) { redisConnectUnixWithTimeout(path, timeval(timeout)) }
    self.init(context, nil, timeout)
  }

  private init(
    _ context: UnsafeMutablePointer<redisContext>, _ host: RedisHost?, _ timeout: Duration
  ) {
    self.context = context
    self.host = host
    self.timeout = timeout
    redisSetTimeout(context, timeval(timeout))
    let reader = context.pointee.reader.pointee
    functions.initialize(to: reader.fn.pointee)
    functions.pointee.createArray = { task, count in
      guard count <= RedisConnection.mostElements,
        let standard = task?.pointee.privdata?
          .assumingMemoryBound(to: redisReplyObjectFunctions.self)
      else { return nil }
      return standard.pointee.createArray?(task, count)
    }
    context.pointee.reader.pointee.privdata = UnsafeMutableRawPointer(reader.fn)
    context.pointee.reader.pointee.fn = functions
  }

  deinit {
    if !isUsable {
      // What the kernel has not yet sent must not arrive after what is done instead.
      var abort = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        context.pointee.fd, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
    }
    redisFree(context)
    functions.deallocate()
  }

  private static func connected(
    _ name: String, _ connect: () -> UnsafeMutablePointer<redisContext>?
  ) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
    guard let context = connect() else { throw .unreachable("no memory for a connection") }
    guard context.pointee.err == 0 else {
      let reason = message(of: context)
      redisFree(context)
      throw .unreachable("\(name): \(reason)")
    }
    return context
  }

  /// Sends a command and waits for its reply.
  /// - Throws: `RedisError`: `broken` or `timedOut` where it is not known what became of the command;
  ///   then this connection is not usable any more.
  func send(_ command: [[UInt8]]) throws(RedisError) -> RedisReply {
    try send(all: [command])[0]
  }

  /// Sends commands together, and waits for the replies of all.
  ///
  /// - Returns: a reply for each, errors among them.
  func send(all commands: [[[UInt8]]]) throws(RedisError) -> [RedisReply] {
    isUsable = false
    let deadline = ContinuousClock.now + timeout
    try write(Self.encoded(commands), until: deadline)
    var replies: [RedisReply] = []
    for _ in commands { replies.append(try nextReply(until: deadline)) }
    // Nothing was asked that more could be the reply to.
    let reader = context.pointee.reader.pointee
    isUsable = reader.pos == reader.len
    return replies
  }

  /// As arrays of strings (Redis serialization protocol, "Sending commands to a Redis server").
  private static func encoded(_ commands: [[[UInt8]]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(commands.joined().reduce(64) { $0 + $1.count + 16 })
    for command in commands {
      bytes += "*\(command.count)\r\n".utf8
      for part in command {
        bytes += "$\(part.count)\r\n".utf8
        bytes += part
        bytes += "\r\n".utf8
      }
    }
    return bytes
  }

  private func write(
    _ bytes: [UInt8], until deadline: ContinuousClock.Instant
  ) throws(RedisError) {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Glibc.send(context.pointee.fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        throw errno == EAGAIN ? .timedOut : .broken(String(cString: strerror(errno)))
      }
      guard written == bytes.count || ContinuousClock.now < deadline else { throw .timedOut }
    }
  }

  /// As `redisGetReply` does, with bounds for the time and the memory that a reply takes.
  private func nextReply(until deadline: ContinuousClock.Instant) throws(RedisError) -> RedisReply {
    while true {
      var reply: UnsafeMutableRawPointer?
      guard redisGetReplyFromReader(context, &reply) == REDIS_OK else { throw broken() }
      if let reply {
        defer { freeReplyObject(reply) }
        return RedisReply(reply.assumingMemoryBound(to: redisReply.self))
      }
      guard ContinuousClock.now < deadline else { throw .timedOut }
      guard redisBufferRead(context) == REDIS_OK else {
        throw context.pointee.err == REDIS_ERR_IO && errno == EAGAIN ? .timedOut : broken()
      }
      guard context.pointee.reader.pointee.len <= Self.longestReply else {
        throw .broken("a reply is too long")
      }
    }
  }

  private func broken() -> RedisError {
    .broken(
      context.pointee.err == REDIS_ERR_OOM ? "a reply is too long" : Self.message(of: context))
  }

  private static func message(of context: UnsafeMutablePointer<redisContext>) -> String {
    withUnsafeBytes(of: &context.pointee.errstr) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

extension timeval {
  fileprivate init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
  }
}
