import CPQ

/// One connection to the server, used by one thread at a time.
///
/// `@unchecked Sendable`: the pool hands it to one thread at a time.
final class PostgreSQLConnection: @unchecked Sendable {
  private let connection: OpaquePointer
  private var prepared: Set<String> = []
  /// Whether the server may still be asked on it.
  private(set) var isUsable = true

  /// - Parameter conninfo: a URL or `key=value` pairs (libpq, "Connection Strings").
  /// - Throws: `PostgreSQLError.connection`
  init(_ conninfo: String) throws(PostgreSQLError) {
    if let fault = PostgreSQLDocumentStore.libraryFault { throw .connection(fault) }
    guard let connection = PQconnectdb(conninfo) else {
      throw .connection("no memory for a connection")
    }
    guard PQstatus(connection) == CONNECTION_OK else {
      PQfinish(connection)
      // The message of libpq names hosts and users; a malformed password may be in it.
      throw .connection("cannot connect")
    }
    self.connection = connection
    // Notices would go to standard error.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
  }

  deinit { PQfinish(connection) }

  /// A parameter of a statement; `nil` is NULL.
  enum Parameter {
    case text(String?)
    case bytes([UInt8])
  }

  struct Result {
    /// Each column as text; `nil` for NULL.
    let rows: [[[UInt8]?]]
    /// Rows that the statement changed.
    let changed: Int
  }

  /// Runs a statement, which is prepared once for each connection.
  /// - Throws: `PostgreSQLError`: `connection` where it is not known what became of the statement.
  func run(_ statement: String, _ parameters: [Parameter] = []) throws(PostgreSQLError) -> Result {
    if !prepared.contains(statement) {
      _ = try check(PQprepare(connection, statement, statement, 0, nil))
      prepared.insert(statement)
    }
    var values: [UnsafeMutablePointer<CChar>?] = []
    var lengths: [Int32] = []
    var formats: [Int32] = []
    for parameter in parameters {
      let (bytes, format): ([UInt8]?, Int32) =
        switch parameter {
        case .text(let text): (text.map { Array($0.utf8) }, 0)
        case .bytes(let bytes): (bytes, 1)
        }
      values.append(
        bytes.map { bytes in
          let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
          for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
          copy[bytes.count] = 0
          return copy
        })
      lengths.append(Int32(bytes?.count ?? 0))
      formats.append(format)
    }
    defer { for value in values { value?.deallocate() } }
    let result = try check(
      PQexecPrepared(
        connection, statement, Int32(parameters.count), values.map { UnsafePointer($0) }, lengths,
        formats, 0))
    return result
  }

  private func check(_ result: OpaquePointer?) throws(PostgreSQLError) -> Result {
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
      let rows = (0..<PQntuples(result)).map { row in
        (0..<PQnfields(result)).map { column -> [UInt8]? in
          guard PQgetisnull(result, row, column) == 0 else { return nil }
          return Array(
            UnsafeRawBufferPointer(
              start: PQgetvalue(result, row, column),
              count: Int(PQgetlength(result, row, column))))
        }
      }
      let changed = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
      return Result(rows: rows, changed: changed)
    default:
      let code = PQresultErrorField(result, PQErrorField.sqlState).map { String(cString: $0) }
      guard PQstatus(connection) == CONNECTION_OK, let code, !code.hasPrefix("57P") else {
        // 57P01 to 57P05: the server ends, or is not up yet.
        isUsable = false
        throw .connection("the connection was lost" + (code.map { " (\($0))" } ?? ""))
      }
      if code == "25006" { isUsable = false }
      throw .refused(code: code)
    }
  }

  private enum PQErrorField {
    /// `PG_DIAG_SQLSTATE`, a macro that Swift does not see.
    static let sqlState = Int32(UInt8(ascii: "C"))
  }
}

/// Why a statement has no result.
enum PostgreSQLError: Error, CustomStringConvertible {
  case connection(String)
  /// SQLSTATE (PostgreSQL, appendix A).
  case refused(code: String)

  /// A serialization failure or a deadlock: nothing was done, and trying again helps.
  var isTransient: Bool {
    if case .refused(let code) = self { code == "40001" || code == "40P01" } else { false }
  }

  var description: String {
    switch self {
    case .connection(let reason): reason
    case .refused(let code): "the server answered SQLSTATE \(code)"
    }
  }
}
