import Execution

/// The connections that are kept.
final class ConnectionPool: Sendable {
  private let url: String
  private let idle = BargingLock<[PostgreSQLConnection]>([])
  private static let mostIdle = 32
  private static let mostTries = 5

  init(_ url: String) { self.url = url }

  /// - Parameters:
  ///   - isRepeatable: whether it does no harm when it is done twice. Then it is sent again where a
  ///     kept connection turned out to be closed, and after a serialization failure or a deadlock.
  ///   - time: how long the server may take. It has as long again to let one connect.
  func run(
    _ statement: String, _ parameters: [PostgreSQLConnection.Parameter] = [], isRepeatable: Bool,
    within time: Duration
  ) throws(PostgreSQLError) -> PostgreSQLConnection.Result {
    var tries = 1
    while true {
      let kept = idle.withLock { $0.popLast() }
      let connection = if let kept { kept } else { try PostgreSQLConnection(url) }
      do throws(PostgreSQLError) {
        let result = try connection.run(statement, parameters, until: .now + time)
        giveBack(connection)
        return result
      } catch {
        if connection.isUsable { giveBack(connection) } else { dropIdle() }
        let helps =
          switch error {
          case .noConnection, .noAnswer: false
          case .lost: isRepeatable && kept != nil
          case .refused: error.needsAnotherConnection || isRepeatable && error.isTransient
          }
        guard helps, tries < Self.mostTries else { throw error }
        tries += 1
      }
    }
  }

  private func giveBack(_ connection: PostgreSQLConnection) {
    idle.withLock { if $0.count < Self.mostIdle { $0.append(connection) } }
  }

  /// They were connected to the same server. They are closed without the lock.
  private func dropIdle() {
    _ = idle.withLock { idle in
      defer { idle = [] }
      return idle
    }
  }
}
