/// Why a statement has no result.
enum PostgreSQLError: Error, CustomStringConvertible {
  /// There is no connection; nothing was sent.
  case noConnection(String)
  /// The connection ended after the statement was sent: it may have been carried out.
  case lost(code: String?)
  /// The server did not answer in time: the statement may have been carried out, or may yet be.
  case noAnswer
  /// What the server answered is no answer to the statement, which may have been carried out.
  case unexpectedAnswer
  /// SQLSTATE (PostgreSQL, appendix A). Nothing was done.
  case refused(code: String)

  init(code: String) {
    // 40003, which CockroachDB sends, and 08007 say that the outcome is not known. With 57P01 to 57P05
    // the server ends, which may come between a commit and its answer.
    self =
      code == "40003" || code == "08007" || code.hasPrefix("57P")
      ? .lost(code: code) : .refused(code: code)
  }

  /// Whether nobody knows what became of the statement.
  var isOutcomeUnknown: Bool {
    switch self {
    case .lost, .noAnswer, .unexpectedAnswer: true
    case .noConnection, .refused: false
    }
  }

  /// A serialization failure or a deadlock: nothing was done, and trying again helps.
  var isTransient: Bool { isRefusal("40001", "40P01") }

  /// The time for a lock or a statement was over (`lock_timeout`, `statement_timeout`).
  var isBusy: Bool { isRefusal("55P03", "57014") }

  /// Nothing was done, and another connection may do it: this one is to a server that only reads, or
  /// its prepared statements are gone or no longer fit the table.
  var needsAnotherConnection: Bool { isRefusal("25006", "26000", "0A000") }

  private func isRefusal(_ codes: String...) -> Bool {
    if case .refused(let code) = self { codes.contains(code) } else { false }
  }

  var description: String {
    switch self {
    case .noConnection(let reason): reason
    case .lost(let code):
      "the connection was lost" + (code.map { " (SQLSTATE \($0))" } ?? "")
    case .noAnswer: "no answer in time"
    case .unexpectedAnswer: "the server's answer is none to the statement"
    case .refused(let code): "the server answered SQLSTATE \(code)"
    }
  }
}
