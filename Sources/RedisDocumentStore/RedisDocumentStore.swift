import Crypto
public import DocumentStore
import Execution
public import FoundationEssentials

/// Documents in Redis: for any number of hosts.
///
/// Each is a hash under `postern:<collection>:{<key>}`, with its version and its JSON. What is
/// between the braces makes all documents of one key stay together in a cluster. A change is one
/// script that compares the version and sets both.
public struct RedisDocumentStore: VersionedDocumentStore {
  public struct Options: Sendable {
    /// Begins the name of each key.
    public var prefix = "postern"
    /// How long a server may take for a connection, and for a command.
    public var commandTimeout = Duration.seconds(1)
    /// How long `update` tries.
    public var timeout = Duration.seconds(2)
    /// How many replicas must have a change before `update` returns (`WAIT`).
    public var waitReplicas = 0

    public init() {}
  }

  private let servers: RedisServers
  private let address: RedisAddress
  private let options: Options

  public var timeout: Duration { options.timeout }

  /// Connects to nothing yet.
  public init(_ address: RedisAddress, _ options: Options = Options()) {
    self.address = address
    self.options = options
    servers = RedisServers(address, timeout: options.commandTimeout)
  }

  // MARK: - The operations of an engine

  public func stored(_ collection: String, _ key: String) throws -> StoredDocument? {
    let name = name(collection, key)
    let replies = try naming(collection) { () throws(RedisError) in
      try servers.send(
        [[Self.bytes("HMGET"), name, Self.bytes("version"), Self.bytes("document")]],
        about: name, isRepeatable: true, isExpected: { $0.elements?.count == 2 })
    }
    let parts = replies.first?.elements
    if parts == [.null, .null] { return nil }
    guard let parts, parts.count == 2, let version = parts[0].string,
      case .text(let bytes) = parts[1]
    else {
      throw DocumentStoreError.damaged(
        reason: "\(address), \(collection): not a hash with version and document")
    }
    return StoredDocument(bytes: bytes, version: version)
  }

  public func replace(
    _ collection: String, _ key: String, with new: StoredDocument?, expiresAt: Date?,
    insteadOf old: String?
  ) throws -> Bool {
    // An engine's clock may be ahead of ours.
    let expiry = expiresAt.map { Int(($0.timeIntervalSince1970 + Self.clockDifference) * 1000) }
    return try replace(collection, key, with: new, expiry: "\(expiry ?? 0)", insteadOf: old)
  }

  /// What another wrote may not have reached the replicas: written again, it has.
  public func makeDurable(
    _ collection: String, _ key: String, _ read: StoredDocument?
  ) throws {
    guard options.waitReplicas > 0 else { return }
    let deadline = ContinuousClock.now + timeout
    var current = read
    // What has replaced it since may not have reached them either.
    while let read = current {
      if try replace(collection, key, with: read, expiry: "keep", insteadOf: read.version) {
        return
      }
      guard ContinuousClock.now < deadline else {
        throw DocumentStoreError.busy(
          reason: "\(collection)/\(key): others came first again and again")
      }
      current = try stored(collection, key)
    }
  }

  private func replace(
    _ collection: String, _ key: String, with new: StoredDocument?, expiry: String,
    insteadOf old: String?
  ) throws -> Bool {
    let name = name(collection, key)
    let arguments = [
      Self.bytes("1"), name, Self.bytes(old ?? ""), Self.bytes(new?.version ?? ""),
      new?.bytes ?? [], Self.bytes(expiry),
    ]
    let replies = try naming(collection) {
      try change(arguments, again: old ?? new?.version ?? "", about: name)
    }
    guard case .number(let isReplaced)? = replies.first else {
      throw DocumentStoreError.unavailable(reason: "\(collection): \(RedisError.unexpectedReply)")
    }
    if isReplaced == 1, options.waitReplicas > 0 {
      guard case .number(let count)? = replies.last, count >= options.waitReplicas else {
        throw DocumentStoreError.unavailable(
          reason: "\(address), \(collection): too few replicas have it in time")
      }
    }
    return isReplaced == 1
  }

  /// - Parameter version: that must be there where it is sent again: the one that was read, or that of
  ///   the document that it makes.
  private func change(
    _ arguments: [[UInt8]], again version: String, about name: [UInt8]
  ) throws(RedisError) -> [RedisReply] {
    do {
      return try compareAndSet(arguments, about: name)
    } catch {
      guard error.leavesOutcomeUnknown else { throw error }
      // Sent again, it sets nothing but what it set already, and once it has, what is late of the
      // first does nothing. Where another version is there, nobody can tell. A document is not made
      // again, only found: the first, carried out late, would bring it back where somebody has
      // removed it meanwhile.
      var again = arguments
      again[2] = Self.bytes(version)
      let replies = try compareAndSet(again, about: name)
      guard replies.first == .number(1) else { throw error }
      return replies
    }
  }

  /// Runs the script, and waits for the replicas behind it.
  private func compareAndSet(
    _ arguments: [[UInt8]], about name: [UInt8]
  ) throws(RedisError) -> [RedisReply] {
    // Its reply is there before this side gives up.
    let milliseconds = Int(options.commandTimeout / .milliseconds(1)) * 3 / 4
    let wait: [[[UInt8]]] =
      options.waitReplicas > 0
      ? [["WAIT", "\(options.waitReplicas)", "\(max(1, milliseconds))"].map(Self.bytes)] : []
    func run(_ command: [[UInt8]]) throws(RedisError) -> [RedisReply] {
      try servers.send([command + arguments] + wait, about: name, isRepeatable: false) {
        $0 == .number(0) || $0 == .number(1)
      }
    }
    do {
      return try run([Self.bytes("EVALSHA"), Self.digest])
    } catch RedisError.refused(code: "NOSCRIPT", _) {
      return try run([Self.bytes("EVAL"), Self.script])
    }
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    let prefix = "\(options.prefix):\(type.collection):{"
    return try naming(type.collection) {
      try servers.sendToAll { send in
        // Bytes: Swift holds some keys for equal that are not. A scan may name one twice.
        var keys: Set<[UInt8]> = []
        var cursor = "0"
        repeat {
          let reply = try send(["SCAN", cursor, "MATCH", prefix + "*", "COUNT", "1000"])
          guard let parts = reply.elements, parts.count == 2, let next = parts[0].string,
            let names = parts[1].elements
          else { throw RedisError.unexpectedReply }
          for case .text(let name) in names where name.last == UInt8(ascii: "}") {
            keys.insert(Array(name.dropFirst(prefix.utf8.count).dropLast()))
          }
          cursor = next
        } while cursor != "0"
        return keys
      }
    }.flatMap { $0.compactMap { String(validating: $0, as: UTF8.self) } }
  }

  // MARK: - The servers' settings

  /// Asks the servers how they keep what they are given.
  ///
  /// - Returns: what may be lost with their settings, for the log.
  /// - Throws: `DocumentStoreError.unavailable` where they cannot be asked; `UnfitStore` where they
  ///   would drop documents for want of memory: sessions that were ended would come back, and others
  ///   end.
  public func checkServers() throws -> [String] {
    let warnings = try naming("settings") {
      try servers.sendToAll { send in
        let memory = try information(send(["INFO", "memory"]))
        guard memory["maxmemory_policy"] == "noeviction" else {
          throw UnfitStore("\(address): maxmemory-policy must be noeviction")
        }
        guard try information(send(["INFO", "persistence"]))["aof_enabled"] == "1" else {
          return [
            "appendonly is off: what was changed since the last snapshot is lost with the server"
          ]
        }
        // Where CONFIG is forbidden, the operator of the server knows.
        let reply = try? send(["CONFIG", "GET", "appendfsync"])
        if reply?.elements?.last?.string == "always" { return [] }
        return ["appendfsync is not always: a second's changes may be lost with the server"]
      }
    }.joined()
    let isUnwaited = servers.haveReplicas && options.waitReplicas == 0
    // Of many servers, each only once.
    return Set(warnings).sorted() + (isUnwaited ? [Self.failoverWarning] : [])
  }

  static let failoverWarning =
    "waitReplicas is 0: what was changed last is lost when a replica takes the place of its server"

  private func information(_ reply: RedisReply) -> [Substring: Substring] {
    let lines = (reply.string ?? "").split(whereSeparator: \.isNewline)
    let pairs = lines.compactMap { line -> (Substring, Substring)? in
      let parts = line.split(separator: ":", maxSplits: 1)
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
    return Dictionary(pairs) { $1 }
  }

  // MARK: -

  /// Keys are any bytes; so are those of Redis.
  private func name(_ collection: String, _ key: String) -> [UInt8] {
    Self.bytes("\(options.prefix):\(collection):{") + Array(key.utf8) + [UInt8(ascii: "}")]
  }

  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Seconds.
  private static let clockDifference = 3600.0

  /// Talks to a server while others go on, and says of an error which documents it is about.
  private func naming<R>(_ collection: String, _ body: () throws -> R) throws -> R {
    do {
      return try Blocking.run(body)
    } catch let error as RedisError {
      let reason = "\(address), \(collection): \(error)"
      if case .refused(code: "WRONGTYPE", _) = error {
        throw DocumentStoreError.damaged(reason: reason)
      }
      throw DocumentStoreError.unavailable(reason: reason)
    }
  }

  /// Keys: the document. Arguments: the version that was read, or nothing; the new one, or nothing to
  /// remove it; the document; when it expires in milliseconds since 1970, 0 for never, or `keep`.
  /// Where the new version is there already, it is written again, so that `WAIT` waits for it.
  private static let script = bytes(
    """
    local version = redis.call('HGET', KEYS[1], 'version') or ''
    if version ~= ARGV[1] and (ARGV[2] == '' or version ~= ARGV[2]) then return 0 end
    if ARGV[2] == '' then
      redis.call('DEL', KEYS[1])
      return 1
    end
    redis.call('HSET', KEYS[1], 'version', ARGV[2], 'document', ARGV[3])
    if ARGV[4] == '0' then
      redis.call('PERSIST', KEYS[1])
    elseif ARGV[4] ~= 'keep' then
      redis.call('PEXPIREAT', KEYS[1], ARGV[4])
    end
    return 1
    """)

  /// By which the servers know it (SHA-1).
  private static let digest = bytes(scriptDigest)
  package static let scriptDigest = Insecure.SHA1.hash(data: script).hexadecimal
}
