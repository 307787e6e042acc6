import CHiredis

/// What a server answered.
enum RedisReply: Equatable {
  case text([UInt8])
  case number(Int)
  case null
  case array([RedisReply])
  case error(String)

  init(_ reply: UnsafeMutablePointer<redisReply>) {
    let reply = reply.pointee
    switch reply.type {
    case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .text(Self.bytes(reply))
    case REDIS_REPLY_INTEGER: self = .number(Int(reply.integer))
    case REDIS_REPLY_ARRAY:
      self = .array(
        (0..<reply.elements).map { reply.element[$0].map(RedisReply.init) ?? .null })
    case REDIS_REPLY_ERROR: self = .error(String(decoding: Self.bytes(reply), as: UTF8.self))
    default: self = .null
    }
  }

  private static func bytes(_ reply: redisReply) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: reply.str, count: reply.len))
  }

  var isError: Bool { if case .error = self { true } else { false } }

  var string: String? {
    if case .text(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
  }

  var elements: [RedisReply]? {
    if case .array(let elements) = self { elements } else { nil }
  }
}

/// Why there is no reply that is of use.
enum RedisError: Error, CustomStringConvertible {
  /// There is no connection: nothing was sent.
  case unreachable(String)
  /// The connection failed: it is not known what became of what was sent.
  case broken(String)
  /// No reply came in time: it is not known what became of what was sent.
  case timedOut
  /// The server refused the command: the code that its error begins with, such as `NOSCRIPT`.
  case refused(code: String, rest: String)
  /// A reply of another kind than the command has.
  case unexpectedReply

  /// Whether the server may have carried out what was sent, or still may.
  var leavesOutcomeUnknown: Bool {
    switch self {
    case .broken, .timedOut, .unexpectedReply: true
    case .unreachable, .refused: false
    }
  }

  init(error text: String) {
    let parts = text.split(separator: " ", maxSplits: 1)
    self = .refused(
      code: String(parts.first ?? ""), rest: parts.count > 1 ? String(parts[1]) : "")
  }

  var description: String {
    switch self {
    case .unreachable(let reason), .broken(let reason): reason
    case .timedOut: "no reply in time"
    // The rest may hold what was sent.
    case .refused(let code, _):
      code.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        ? "the server answered \(code)" : "the server refused"
    case .unexpectedReply: "the server sent a reply of an unexpected kind"
    }
  }
}
