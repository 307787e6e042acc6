import Foundation

/// What Docs/redis.md shows, so that the tests run what operators copy.
enum Documented {
  private static func block(_ beginning: String) throws -> String {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Docs/redis.md")
    let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
    for block in blocks {
      let lines = block.drop { $0 != "\n" }.dropFirst()
      if lines.hasPrefix(beginning) { return String(lines) }
    }
    throw Lateness(description: "Docs/redis.md has no block that begins with \(beginning)")
  }

  /// The line of redis.conf that makes the user.
  static func user(password: String) throws -> String {
    try block("user postern").replacingOccurrences(of: ">PASSWORD", with: ">\(password)")
      .replacingOccurrences(of: "\n", with: "")
  }

  /// The lines of stunnel's configuration.
  static func tunnel(
    socket: String, server: String, authority: String, address: String
  ) throws -> String {
    try block("[redis]")
      .replacingOccurrences(of: "/run/postern-redis/redis.sock", with: socket)
      .replacingOccurrences(of: "redis.example.com:6379", with: server)
      .replacingOccurrences(of: "/etc/stunnel/redis-ca.pem", with: authority)
      .replacingOccurrences(of: "checkHost = redis.example.com", with: "checkIP = \(address)")
  }
}
