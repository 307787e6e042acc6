import ForeignInput

/// Where the Redis servers are, and how to sign in there: the URL of the setting `store`.
///
/// ```
/// redis://user:password@host:6379/0
/// redis+unix://user:password@/run/redis/redis.sock?database=0
/// redis+sentinel://user:password@host1:26379,host2:26379/name/0
/// redis+cluster://user:password@host1:6379,host2:6379
/// ```
/// The user, the password and the port may be left out. Reserved characters in the user and in the
/// password are percent-encoded (RFC 3986 §2.1).
///
/// Its description holds no password.
public struct RedisAddress: Equatable, Sendable, CustomStringConvertible {
  enum Servers: Equatable {
    case one(RedisHost)
    case unix(path: String)
    case sentinels([RedisHost], name: String)
    case cluster([RedisHost])
  }

  let servers: Servers
  let user: String?
  let password: String?
  let database: Int

  /// - Throws: `RedisAddressError`, which does not hold the URL.
  public init(_ url: String) throws(RedisAddressError) {
    guard let separator = url.firstRange(of: "://") else { throw .init("has no ://") }
    let scheme = url[..<separator.lowerBound]
    var rest = url[separator.upperBound...]
    (user, password) = try Self.credentials(&rest)
    switch scheme {
    case "redis":
      let (hosts, path) = try Self.hosts(rest, port: 6379)
      guard hosts.count == 1 else { throw .init("names more than one server") }
      servers = .one(hosts[0])
      database = try Self.database(path)
    case "redis+unix":
      let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      guard let path = percentDecodedText(parts[0]), path.hasPrefix("/") else {
        throw .init("has no absolute path")
      }
      servers = .unix(path: path)
      guard let query = parts.dropFirst().first else {
        database = 0
        return
      }
      guard query.hasPrefix("database=") else { throw .init("has an unknown parameter") }
      database = try Self.database(query.dropFirst("database=".count))
    case "redis+sentinel":
      let (hosts, path) = try Self.hosts(rest, port: 26379)
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      guard let first = parts.first, let name = percentDecodedText(first), !name.isEmpty else {
        throw .init("does not say which master the sentinels watch")
      }
      servers = .sentinels(hosts, name: name)
      database = try Self.database(parts.dropFirst().first ?? "")
    case "redis+cluster":
      let (hosts, path) = try Self.hosts(rest, port: 6379)
      servers = .cluster(hosts)
      database = try Self.database(path)
      guard database == 0 else { throw .init("a cluster has only the database 0") }
    case "rediss":
      throw .init("hiredis has no TLS here: use stunnel, and redis:// to its local end")
    default: throw .init("has an unknown scheme")
    }
  }

  private static func credentials(
    _ rest: inout Substring
  ) throws(RedisAddressError) -> (user: String?, password: String?) {
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let at = rest[..<end].lastIndex(of: "@") else { return (nil, nil) }
    let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    rest = rest[rest.index(after: at)...]
    guard let user = percentDecodedText(parts[0]) else { throw .init("has a malformed user") }
    guard let encoded = parts.dropFirst().first else { return (user, nil) }
    guard let password = percentDecodedText(encoded) else {
      throw .init("has a malformed password")
    }
    return (user.isEmpty ? nil : user, password)
  }

  private static func hosts(
    _ rest: Substring, port: Int
  ) throws(RedisAddressError) -> (hosts: [RedisHost], path: Substring) {
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    var hosts: [RedisHost] = []
    for part in rest[..<end].split(separator: ",", omittingEmptySubsequences: false) {
      guard let host = RedisHost(part, port: port) else { throw .init("has a malformed host") }
      hosts.append(host)
    }
    return (hosts, end == rest.endIndex ? "" : rest[rest.index(after: end)...])
  }

  private static func database(_ text: Substring) throws(RedisAddressError) -> Int {
    if text.isEmpty { return 0 }
    guard let number = Int(text), (0...65_535).contains(number) else {
      throw .init("has a malformed database number")
    }
    return number
  }

  public var hasPassword: Bool { password != nil }

  public var description: String {
    switch servers {
    case .one(let host): "redis://\(host)/\(database)"
    case .unix(let path): "redis+unix://\(path)"
    case .sentinels(let hosts, let name):
      "redis+sentinel://\(hosts.map(\.description).joined(separator: ","))/\(name)/\(database)"
    case .cluster(let hosts):
      "redis+cluster://\(hosts.map(\.description).joined(separator: ","))"
    }
  }
}

/// A host and a port.
struct RedisHost: Hashable, CustomStringConvertible {
  let name: String
  let port: Int

  init(name: String, port: Int) {
    self.name = name
    self.port = port
  }

  /// `host`, `host:6379`, `[::1]:6379`; also `::1:6379`, as Redis Cluster writes it.
  init?(_ text: some StringProtocol, port: Int) {
    let text = String(text)
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let behind = text[text.index(after: end)...]
      guard behind.isEmpty || behind.hasPrefix(":"),
        let port = behind.isEmpty ? port : Self.port(behind.dropFirst())
      else { return nil }
      self.init(name: String(text[..<end].dropFirst()), port: port)
    } else if let colon = text.lastIndex(of: ":") {
      guard let port = Self.port(text[text.index(after: colon)...]) else { return nil }
      self.init(name: String(text[..<colon]), port: port)
    } else {
      self.init(name: text, port: port)
    }
    guard !name.isEmpty else { return nil }
  }

  private static func port(_ text: some StringProtocol) -> Int? {
    Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil }
  }

  var description: String { name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)" }
}

/// What is wrong with a URL. Never holds it: it may have a password.
public struct RedisAddressError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
