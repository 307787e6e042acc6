import CPQ
import Glibc

/// One connection to the server, used by one thread at a time.
///
/// `@unchecked Sendable`: the pool hands it to one thread at a time.
final class PostgreSQLConnection: @unchecked Sendable {
  private let connection: OpaquePointer
  /// The names of the statements that are prepared. The server cuts names after 63 bytes, so that the
  /// text itself is none.
  private var prepared: [String: String] = [:]
  private var wasWarned = false
  /// Whether the server may still be asked on it.
  private(set) var isUsable = true

  /// - Parameter url: a URL or `key=value` pairs (libpq, "Connection Strings"). Where it says nothing
  ///   of `connect_timeout`, each host has 2 seconds.
  /// - Throws: `PostgreSQLError.noConnection`
  init(_ url: String) throws(PostgreSQLError) {
    if let fault = PostgreSQLDocumentStore.libraryFault { throw .noConnection(fault) }
    // The later one counts, so that the URL may say otherwise of the first two.
    let options = [
      ("connect_timeout", "2"), ("fallback_application_name", "postern"), ("dbname", url),
      ("client_encoding", "UTF8"),
    ]
    let keys = options.map { strdup($0.0) } + [nil]
    let values = options.map { strdup($0.1) } + [nil]
    defer { for text in keys + values { free(text) } }
    guard
      let connection = PQconnectdbParams(
        keys.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1)
    else { throw .noConnection("no memory for a connection") }
    guard PQstatus(connection) == CONNECTION_OK else {
      let reason = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
      PQfinish(connection)
      throw .noConnection(Self.reason(reason))
    }
    self.connection = connection
    PQsetnonblocking(connection, 1)
    // Notices would go to standard error.
    PQsetNoticeProcessor(
      connection,
      { connection, _ in
        guard let connection else { return }
        Unmanaged<PostgreSQLConnection>.fromOpaque(connection).takeUnretainedValue().wasWarned =
          true
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit { PQfinish(connection) }

  /// What a message of libpq says for the log: what the server or the system said last. What libpq
  /// says of a malformed URL may have its password, and is left out.
  static func reason(_ message: String) -> String {
    let reasons = message.split(separator: "\n").compactMap { line -> Substring? in
      guard line.hasPrefix("connection to server "),
        let end = line.ranges(of: "failed: ").first?.upperBound
      else { return nil }
      return line[end...].prefix(200)
    }
    return "cannot connect" + (reasons.last.map { ": \($0)" } ?? "")
  }

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
    /// Whether the server had something to say besides, such as that it did not wait for its
    /// synchronous standby.
    let hasWarning: Bool
  }

  /// Runs a statement, which is prepared once for each connection.
  /// - Parameter deadline: when to stop waiting for the answer.
  func run(
    _ statement: String, _ parameters: [Parameter] = [],
    until deadline: ContinuousClock.Instant = .now + .seconds(3)
  ) throws(PostgreSQLError) -> Result {
    wasWarned = false
    let name = prepared[statement] ?? "postern_\(prepared.count)"
    if prepared[statement] == nil {
      _ = try answer(to: PQsendPrepare(connection, name, statement, 0, nil), until: deadline)
      prepared[statement] = name
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
          let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
          copy.copyMemory(from: bytes, byteCount: bytes.count)
          copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
          return copy.bindMemory(to: CChar.self, capacity: bytes.count + 1)
        })
      lengths.append(Int32(bytes?.count ?? 0))
      formats.append(format)
    }
    defer { for value in values { value?.deallocate() } }
    return try answer(
      to: PQsendQueryPrepared(
        connection, name, Int32(parameters.count), values.map { UnsafePointer($0) }, lengths,
        formats, 0),
      until: deadline)
  }

  /// Sends what `PQsend…` has prepared, and waits until all is answered.
  private func answer(
    to isPrepared: Int32, until deadline: ContinuousClock.Instant
  ) throws(PostgreSQLError) -> Result {
    guard isPrepared == 1 else {
      isUsable = false
      throw .lost(code: nil)
    }
    while true {
      let rest = PQflush(connection)
      if rest <= 0 { break }
      // What the server says meanwhile is taken, or both would wait for the other.
      try wait(for: POLLIN | POLLOUT, until: deadline)
      PQconsumeInput(connection)
    }
    var last: OpaquePointer?
    do throws(PostgreSQLError) {
      // The commit comes after the result: where it fails, that is told by another result.
      while let next = try nextResult(until: deadline) {
        PQclear(last)
        last = next
      }
    } catch {
      PQclear(last)
      throw error
    }
    return try read(last)
  }

  /// - Returns: `nil` after the last one.
  private func nextResult(
    until deadline: ContinuousClock.Instant
  ) throws(PostgreSQLError) -> OpaquePointer? {
    while PQisBusy(connection) == 1 {
      try wait(for: POLLIN, until: deadline)
      if PQconsumeInput(connection) == 0 { break }
    }
    return PQgetResult(connection)
  }

  private func wait(
    for events: Int32, until deadline: ContinuousClock.Instant
  ) throws(PostgreSQLError) {
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      var descriptor = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
      let count = left > 0 ? poll(&descriptor, 1, Int32(left.rounded(.up))) : 0
      if count > 0 { return }
      if count < 0, errno == EINTR { continue }
      isUsable = false
      throw .noAnswer
    }
  }

  private func read(_ result: OpaquePointer?) throws(PostgreSQLError) -> Result {
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
      return Result(rows: rows, changed: changed, hasWarning: wasWarned)
    default:
      let code = PQresultErrorField(result, PQErrorField.sqlState).map { String(cString: $0) }
      guard PQstatus(connection) == CONNECTION_OK, let code else {
        isUsable = false
        throw .lost(code: code)
      }
      let error = PostgreSQLError(code: code)
      if error.isOutcomeUnknown || error.needsAnotherConnection { isUsable = false }
      throw error
    }
  }

  private enum PQErrorField {
    /// `PG_DIAG_SQLSTATE`, a macro that Swift does not see.
    static let sqlState = Int32(UInt8(ascii: "C"))
  }
}
