import Foundation
import Synchronization
import TestSupport

/// Stands between libpq and a server, and says something else than the server does (PostgreSQL,
/// "Message Formats").
final class PostgreSQLProxy: Sendable {
  /// What is told in the place of the server's answer.
  typealias Lie = @Sendable (_ answer: [UInt8], _ client: Int32) -> Void

  private struct State {
    var lie: (statement: String, isOfPrepare: Bool, Lie)?
    var lies = 0
    var usesAfterLies = 0
    var requests: [String] = []
  }

  private final class Shared: Sendable {
    let state = Mutex(State())
  }

  private let shared = Shared()
  private let server: LoopbackServer

  var url: String {
    "postgresql://postern@127.0.0.1:\(server.port)/postgres?sslmode=disable&gssencmode=disable"
  }
  /// How often it has lied.
  var lies: Int { shared.state.withLock { $0.lies } }
  /// How often something was asked on a connection after a lie.
  var usesAfterLies: Int { shared.state.withLock { $0.usesAfterLies } }
  /// Statements that were carried out.
  var requests: [String] { shared.state.withLock { $0.requests } }

  init(to server: PostgreSQLServer) throws {
    let path = "\(server.place)/.s.PGSQL.5432"
    let shared = shared
    self.server = try LoopbackServer { server, client in
      guard let upstream = LoopbackServer.connected(toUnixSocket: path), server.keep(upstream)
      else { return }
      defer { server.drop(upstream) }
      var statements: [String: String] = [:]
      // The first message of a connection has no type.
      guard var request = LoopbackServer.received(from: client) else { return }
      var statement = ""
      var isPrepare = false
      while true {
        LoopbackServer.send(request, to: upstream)
        guard let answer = Self.messages(from: upstream, until: UInt8(ascii: "Z")) else { return }
        let lie = shared.state.withLock { state -> Lie? in
          guard let lie = state.lie, statement.hasPrefix(lie.statement),
            !statement.isEmpty, isPrepare == lie.isOfPrepare
          else { return nil }
          state.lies += 1
          return lie.2
        }
        if let lie {
          lie(answer, client)
          while let more = LoopbackServer.received(from: client) {
            // Other than a goodbye.
            if more.first != UInt8(ascii: "X") {
              shared.state.withLock { $0.usesAfterLies += 1 }
              break
            }
          }
          return
        }
        LoopbackServer.send(answer, to: client)
        guard let next = Self.messages(from: client, until: UInt8(ascii: "S")) else { return }
        request = next
        // Parse has the statement's name and text, Bind the portal's name and the statement's.
        let texts = next.dropFirst(5).split(
          separator: 0, maxSplits: 2, omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        isPrepare = next.first == UInt8(ascii: "P")
        if isPrepare { statements[texts[0]] = texts[1] }
        statement = statements[texts[isPrepare ? 0 : 1]] ?? ""
        if !isPrepare { shared.state.withLock { $0.requests.append(statement) } }
      }
    }
  }

  /// - Parameter statement: what the statements begin with whose answers are lies.
  func lie(about statement: String, isOfPrepare: Bool = false, _ lie: @escaping Lie) {
    shared.state.withLock {
      $0.lie = (statement, isOfPrepare, lie)
      ($0.lies, $0.usesAfterLies) = (0, 0)
    }
  }

  func stopLying() { shared.state.withLock { $0.lie = nil } }

  func closeAll() { server.closeAll() }

  /// Whole messages, up to one of this type.
  private static func messages(from connection: Int32, until type: UInt8) -> [UInt8]? {
    var bytes: [UInt8] = []
    var start = 0
    while true {
      while bytes.count >= start + 5 {
        let length = bytes[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= start + 1 + length else { break }
        let isLast = bytes[start] == type
        start += 1 + length
        if isLast { return bytes }
      }
      guard let more = LoopbackServer.received(from: connection) else { return nil }
      bytes += more
    }
  }
}
