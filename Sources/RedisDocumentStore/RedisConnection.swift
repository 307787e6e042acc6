import CHiredis
import Glibc

/// One connection to one server, used by one thread at a time.
///
/// `@unchecked Sendable`: the pool hands it to one thread at a time.
final class RedisConnection: @unchecked Sendable {
  /// Bytes that a reply may have: the largest document, and what is around it.
  static let longestReply = 4 << 20

  private let context: UnsafeMutablePointer<redisContext>
  private let timeout: Duration
  /// Whether nothing is under way on it: after an error, a late reply would pass for that of the
  /// next command.
  private(set) var isUsable = true
  let host: RedisHost?

  /// - Parameter timeout: of the connection, and of each command.
  /// - Throws: `RedisError.connection`
  init(to host: RedisHost, timeout: Duration) throws(RedisError) {
    self.host = host
    self.timeout = timeout
    context = try Self.connected("\(host)") {
      redisConnectWithTimeout(host.name, Int32(host.port), timeval(timeout))
    }
    // What a host that vanished never says, the kernel asks for.
    redisEnableKeepAlive(context)
    redisSetTimeout(context, timeval(timeout))
  }

  init(toUnixSocket path: String, timeout: Duration) throws(RedisError) {
    host = nil
    self.timeout = timeout
    context = try Self.connected(path) { redisConnectUnixWithTimeout(path, timeval(timeout)) }
    redisSetTimeout(context, timeval(timeout))
  }

  deinit { redisFree(context) }

  private static func connected(
    _ name: String, _ connect: () -> UnsafeMutablePointer<redisContext>?
  ) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
    guard let context = connect() else { throw .connection("no memory for a connection") }
    guard context.pointee.err == 0 else {
      let reason = message(of: context)
      redisFree(context)
      throw .connection("\(name): \(reason)")
    }
    return context
  }

  /// Sends a command and waits for its reply.
  /// - Throws: `RedisError`: `connection` where it is not known what became of the command; then this
  ///   connection is not usable any more.
  func send(_ command: [[UInt8]]) throws(RedisError) -> RedisReply {
    try send(all: [command])[0]
  }

  /// Sends commands together, and waits for the replies of all.
  ///
  /// - Returns: a reply for each, errors among them.
  func send(all commands: [[[UInt8]]]) throws(RedisError) -> [RedisReply] {
    isUsable = false
    let deadline = ContinuousClock.now + timeout
    for command in commands { append(command) }
    var isDone: Int32 = 0
    while isDone == 0 {
      guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw broken() }
      guard ContinuousClock.now < deadline else { throw .connection("no reply in time") }
    }
    var replies: [RedisReply] = []
    for _ in commands { replies.append(try nextReply(until: deadline)) }
    isUsable = true
    return replies
  }

  private func append(_ command: [[UInt8]]) {
    let buffers = command.map { part in
      let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, part.count))
      for (index, byte) in part.enumerated() { buffer[index] = CChar(bitPattern: byte) }
      return buffer
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    var pointers = buffers.map { UnsafePointer($0.baseAddress) }
    let lengths = command.map(\.count)
    redisAppendCommandArgv(context, Int32(command.count), &pointers, lengths)
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
      guard ContinuousClock.now < deadline else { throw .connection("no reply in time") }
      guard redisBufferRead(context) == REDIS_OK else { throw broken() }
      guard context.pointee.reader.pointee.len <= Self.longestReply else {
        throw .connection("a reply is too long")
      }
    }
  }

  private func broken() -> RedisError { .connection(Self.message(of: context)) }

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
