import Execution

/// Sends commands to the server that has a key, over connections that are kept.
final class RedisServers: Sendable {
  /// One server over TCP, or `nil` for the one behind a Unix socket.
  private typealias Name = RedisHost?

  private struct State {
    /// The connections that nobody uses, the latest used last.
    var idle: [Name: [RedisConnection]] = [:]
    /// The master, as the sentinels said.
    var master: RedisHost?
    var slots = ClusterSlots()
  }

  private let address: RedisAddress
  private let timeout: Duration
  private let state = BargingLock(State())
  private static let mostIdle = 64
  private static let mostRedirections = 5

  init(_ address: RedisAddress, timeout: Duration) {
    self.address = address
    self.timeout = timeout
  }

  // MARK: - Commands

  /// Sends a command that is about `key`, and others behind it on the same connection.
  ///
  /// - Parameters:
  ///   - isRepeatable: whether it does no harm when it is done twice. Then it is sent again where a
  ///     kept connection turned out to be closed.
  ///   - isExpected: whether a first reply that is no error can be one to the first command.
  /// - Returns: the replies; of the first, no error.
  /// - Throws: `RedisError`
  func send(
    _ commands: [[[UInt8]]], about key: [UInt8], isRepeatable: Bool,
    isExpected: (RedisReply) -> Bool
  ) throws(RedisError) -> [RedisReply] {
    var redirections = 0
    var asked: RedisHost?
    while true {
      let name: Name = if let asked { asked } else { try server(of: key) }
      let replies = try send(
        commands, to: name, isAsking: asked != nil, isRepeatable: isRepeatable, isExpected)
      asked = nil
      guard case .error(let text) = replies[0] else { return replies }
      let error = RedisError(error: text)
      guard case .refused(let code, let rest) = error else { throw error }
      switch code {
      case "MOVED" where isCluster, "ASK" where isCluster:
        redirections += 1
        guard redirections <= Self.mostRedirections, let host = target(rest, of: name) else {
          throw error
        }
        if code == "ASK" {
          asked = host
        } else {
          state.withLock { $0.slots[hashSlot(of: key)] = host }
        }
      case "READONLY", "MASTERDOWN", "LOADING":
        // It was the master when it was connected to. The next command asks who is.
        forget(name)
        throw error
      default: throw error
      }
    }
  }

  private func send(
    _ commands: [[[UInt8]]], to name: Name, isAsking: Bool, isRepeatable: Bool,
    _ isExpected: (RedisReply) -> Bool
  ) throws(RedisError) -> [RedisReply] {
    let asking = isAsking ? [[Array("ASKING".utf8)]] : []
    var kept = takeIdle(name)
    while true {
      let connection: RedisConnection
      do throws(RedisError) {
        connection = if let kept { kept } else { try connect(to: name) }
      } catch {
        forget(name)
        throw error
      }
      do throws(RedisError) {
        let replies = Array(try connection.send(all: asking + commands).dropFirst(asking.count))
        // One that is none to this command means that the connection is a reply behind or ahead.
        guard replies[0].isError || isExpected(replies[0]) else { throw .unexpectedReply }
        giveBack(connection, name)
        return replies
      } catch {
        forget(name)
        guard case .broken = error, kept != nil, isRepeatable else { throw error }
        kept = nil
      }
    }
  }

  /// Sends a command to each server that has documents.
  /// - Throws: `RedisError`, where one of them does not answer or refuses.
  func sendToAll<R>(
    _ body: (_ send: (_ command: [String]) throws(RedisError) -> RedisReply) throws -> R
  ) throws -> [R] {
    try masters().map { name in
      let connection = try connect(to: name)
      return try body { command throws(RedisError) in
        let reply = try connection.send(command.map { Array($0.utf8) })
        if case .error(let text) = reply { throw RedisError(error: text) }
        return reply
      }
    }
  }

  // MARK: - Which server

  private var isCluster: Bool { if case .cluster = address.servers { true } else { false } }

  /// Whether a replica may take the place of a server.
  var haveReplicas: Bool {
    switch address.servers {
    case .one, .unix: false
    case .sentinels, .cluster: true
    }
  }

  private func server(of key: [UInt8]) throws(RedisError) -> Name {
    switch address.servers {
    case .one(let host): host
    case .unix: nil
    case .sentinels: try master()
    case .cluster: try clusterServer(of: hashSlot(of: key))
    }
  }

  private func clusterServer(of slot: UInt16) throws(RedisError) -> RedisHost {
    if let host = state.withLock({ $0.slots[slot] }) { return host }
    guard let host = try learnSlots()[slot] else {
      throw .unreachable("no server has that part of the cluster")
    }
    return host
  }

  private func masters() throws(RedisError) -> [Name] {
    guard case .cluster = address.servers else { return [try server(of: [])] }
    return try Array(learnSlots().hosts)
  }

  /// Asks the servers of the cluster that are known which of them has which part of it.
  private func learnSlots() throws(RedisError) -> ClusterSlots {
    guard case .cluster(let named) = address.servers else { return ClusterSlots() }
    let known = state.withLock { $0.slots.hosts }
    var failure = RedisError.unreachable("no server of the cluster answers")
    for host in known.shuffled() + named.shuffled().filter({ !known.contains($0) }) {
      do throws(RedisError) {
        let reply = try connect(to: host).send(["CLUSTER", "SLOTS"].map { Array($0.utf8) })
        if case .error(let text) = reply { throw RedisError(error: text) }
        let slots = ClusterSlots(reply, from: host)
        guard !slots.hosts.isEmpty else { throw .unexpectedReply }
        state.withLock { $0.slots = slots }
        return slots
      } catch {
        failure = error
      }
    }
    throw failure
  }

  /// Where `3999 127.0.0.1:6381` leads to.
  private func target(_ rest: String, of asked: Name) -> RedisHost? {
    guard let text = rest.split(separator: " ").last else { return nil }
    if text.hasPrefix(":"), let asked { return RedisHost("\(asked.name)\(text)", port: asked.port) }
    return RedisHost(text, port: 6379)
  }

  private func master() throws(RedisError) -> RedisHost {
    guard case .sentinels(let hosts, let name) = address.servers else {
      throw .unreachable("no sentinel")
    }
    if let master = state.withLock({ $0.master }) { return master }
    var failure = RedisError.unreachable("no sentinel knows the master \(name)")
    for sentinel in hosts {
      do throws(RedisError) {
        let reply = try RedisConnection(to: sentinel, timeout: timeout).send(
          ["SENTINEL", "get-master-addr-by-name", name].map { Array($0.utf8) })
        guard let parts = reply.elements, parts.count == 2, let host = parts[0].string,
          let port = parts[1].string.flatMap({ Int($0) })
        else { continue }
        let master = RedisHost(name: host, port: port)
        state.withLock { $0.master = master }
        return master
      } catch {
        failure = error
      }
    }
    throw failure
  }

  // MARK: - Connections

  private func connect(to name: Name) throws(RedisError) -> RedisConnection {
    let connection: RedisConnection
    if let name {
      connection = try RedisConnection(to: name, timeout: timeout)
    } else if case .unix(let path) = address.servers {
      connection = try RedisConnection(toUnixSocket: path, timeout: timeout)
    } else {
      throw .unreachable("no server")
    }
    let user = address.user.map { $0.isEmpty ? [] : [$0] } ?? []
    if !user.isEmpty || address.password != nil {
      try expect(connection, ["AUTH"] + user + [address.password ?? ""])
    }
    if address.database != 0 { try expect(connection, ["SELECT", "\(address.database)"]) }
    if case .sentinels = address.servers {
      // A sentinel may not have heard yet that it is the master no longer (Redis Sentinel client spec).
      let role = try connection.send([Array("ROLE".utf8)])
      guard role.elements?.first?.string == "master" else {
        throw .unreachable("the server that the sentinels name is no master")
      }
    }
    return connection
  }

  private func expect(
    _ connection: RedisConnection, _ command: [String]
  ) throws(RedisError) {
    if case .error(let text) = try connection.send(command.map { Array($0.utf8) }) {
      throw RedisError(error: text)
    }
  }

  private func takeIdle(_ name: Name) -> RedisConnection? {
    state.withLock { $0.idle[name]?.popLast() }
  }

  private func giveBack(_ connection: RedisConnection, _ name: Name) {
    guard connection.isUsable else { return }
    state.withLock { state in
      guard state.idle[name, default: []].count < Self.mostIdle else { return }
      state.idle[name, default: []].append(connection)
    }
  }

  /// Its connections are of no use, and it may no longer be the one to ask.
  private func forget(_ name: Name) {
    let dropped = state.withLock { state in
      if let name {
        if state.master == name { state.master = nil }
        state.slots.forget(name)
      }
      return state.idle.removeValue(forKey: name)
    }
    // Closed here, without the lock.
    _ = dropped
  }
}
