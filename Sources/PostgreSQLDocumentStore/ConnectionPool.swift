import Execution

/// The connections that are kept.
final class ConnectionPool: Sendable {
  private let url: String
  private let idle = BargingLock<[PostgreSQLConnection]>([])
  private static let mostIdle = 32
  private static let mostTries = 5

  init(_ url: String) { self.url = url }

  /// - Parameters:
  ///   - columns: that its rows have.
  ///   - isRepeatable: whether it does no harm when it is done twice. Then it is sent again where a
  ///     kept connection turned out to be closed, and after a serialization failure or a deadlock.
  ///   - isPossible: whether the statement can have this result.
  ///   - time: how long the server may take. It has as long again to let one connect.
  func run(
    _ statement: String, _ parameters: [PostgreSQLConnection.Parameter] = [], columns: Int32 = 0,
    isRepeatable: Bool, within time: Duration, atMost limit: Int = 16 << 20,
    isPossible: (PostgreSQLConnection.Result) -> Bool = { _ in true }
  ) throws(PostgreSQLError) -> PostgreSQLConnection.Result {
    var tries = 1
    while true {
      let kept = takeIdle()
      let connection = if let kept { kept } else { try PostgreSQLConnection(url) }
      do throws(PostgreSQLError) {
        let result = try connection.run(
          statement, parameters, columns: columns, until: .now + time, atMost: limit)
        // In a transaction that somebody else has begun nothing is committed.
        guard !connection.isInTransaction, isPossible(result) else {
          connection.giveUp()
          throw .unexpectedAnswer
        }
        giveBack(connection)
        return result
      } catch {
        if connection.isUsable { giveBack(connection) } else { dropIdle() }
        let helps =
          switch error {
          case .noConnection, .noAnswer, .unexpectedAnswer: false
          case .lost: isRepeatable && kept != nil
          case .refused: error.needsAnotherConnection || isRepeatable && error.isTransient
          }
        guard helps, tries < Self.mostTries else { throw error }
        tries += 1
      }
    }
  }

  /// One that the server has not ended, and on which it has said nothing since its last answer. On
  /// others nothing is sent, so that nobody need ask what became of it.
  private func takeIdle() -> PostgreSQLConnection? {
    while let kept = idle.withLock({ $0.popLast() }) {
      if kept.isIdle { return kept }
    }
    return nil
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
