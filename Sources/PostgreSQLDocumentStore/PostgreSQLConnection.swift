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
    /// Rows that the statement changed; 0 where it is none that says so.
    let changed: Int
    /// Whether the server had something to say besides, such as that it did not wait for its
    /// synchronous standby.
    let hasWarning: Bool
  }

  /// Whether the server has said nothing besides its last answer, and has no transaction open. More
  /// that comes, libpq would take for the answer to the next statement; of what came with the last
  /// one it warns.
  var isIdle: Bool {
    PQconsumeInput(connection) == 1 && PQisBusy(connection) == 0 && !wasWarned && !isInTransaction
  }

  var isInTransaction: Bool { PQtransactionStatus(connection) != PQTRANS_IDLE }

  /// Runs a statement, which is prepared once for each connection.
  /// - Parameters:
  ///   - columns: that its rows have; 0 where it has none.
  ///   - deadline: when to stop waiting for the answer.
  ///   - limit: bytes that the answer may have.
  func run(
    _ statement: String, _ parameters: [Parameter] = [], columns: Int32 = 0,
    until deadline: ContinuousClock.Instant, atMost limit: Int = 16 << 20
  ) throws(PostgreSQLError) -> Result {
    wasWarned = false
    let name = prepared[statement] ?? "postern_\(prepared.count)"
    if prepared[statement] == nil {
      let answer = try answer(
        to: PQsendPrepare(connection, name, statement, 0, nil), until: deadline, atMost: limit)
      _ = try read(answer, columns: 0, tag: "")
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
    let answer = try answer(
      to: PQsendQueryPrepared(
        connection, name, Int32(parameters.count), values.map { UnsafePointer($0) }, lengths,
        formats, 0),
      until: deadline, atMost: limit)
    return try read(
      answer, columns: columns, tag: statement.prefix { $0.isLetter }.uppercased())
  }

  /// Sends what `PQsend…` has prepared, and waits until all is answered.
  private func answer(
    to isPrepared: Int32, until deadline: ContinuousClock.Instant, atMost limit: Int
  ) throws(PostgreSQLError) -> OpaquePointer? {
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
    var room = limit
    do throws(PostgreSQLError) {
      while let next = try nextResult(until: deadline, within: &room) {
        let isFirst = last == nil
        PQclear(last)
        last = next
        // The commit comes after the result: where it fails, that is told by another result. No other
        // comes after one, and none ever after the start of a copy.
        let isExpected =
          switch PQresultStatus(next) {
          case PGRES_FATAL_ERROR: true
          case PGRES_COMMAND_OK, PGRES_TUPLES_OK: isFirst
          default: false
          }
        if !isExpected { throw unexpectedAnswer() }
      }
    } catch {
      PQclear(last)
      throw error
    }
    return last
  }

  /// - Parameter room: bytes that may still come.
  /// - Returns: `nil` after the last one.
  private func nextResult(
    until deadline: ContinuousClock.Instant, within room: inout Int
  ) throws(PostgreSQLError) -> OpaquePointer? {
    while PQisBusy(connection) == 1 {
      try wait(for: POLLIN, until: deadline)
      var count: Int32 = 0
      _ = ioctl(PQsocket(connection), UInt(FIONREAD), &count)
      room -= Int(count)
      guard room >= 0 else { throw unexpectedAnswer() }
      if PQconsumeInput(connection) == 0 { break }
    }
    return PQgetResult(connection)
  }

  private func unexpectedAnswer() -> PostgreSQLError {
    giveUp()
    return .unexpectedAnswer
  }

  /// What the server says on it is not to be believed.
  func giveUp() { isUsable = false }

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

  /// - Parameter tag: what the server says that it has done begins with (PostgreSQL, "Message Formats",
  ///   `CommandComplete`).
  private func read(
    _ result: OpaquePointer?, columns: Int32, tag: String
  ) throws(PostgreSQLError) -> Result {
    defer { PQclear(result) }
    let status = PQresultStatus(result)
    switch status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
      let words = String(cString: PQcmdStatus(result)).split(separator: " ")
      guard status == (columns == 0 ? PGRES_COMMAND_OK : PGRES_TUPLES_OK),
        PQnfields(result) == columns, words.first ?? "" == tag
      else { throw unexpectedAnswer() }
      let count = String(cString: PQcmdTuples(result))
      guard let changed = count.isEmpty && !Self.counting.contains(tag) ? 0 : Int(count) else {
        throw unexpectedAnswer()
      }
      let rows = (0..<PQntuples(result)).map { row in
        (0..<PQnfields(result)).map { column -> [UInt8]? in
          guard PQgetisnull(result, row, column) == 0 else { return nil }
          return Array(
            UnsafeRawBufferPointer(
              start: PQgetvalue(result, row, column),
              count: Int(PQgetlength(result, row, column))))
        }
      }
      return Result(rows: rows, changed: changed, hasWarning: wasWarned)
    default:
      let code = PQresultErrorField(result, PQErrorField.sqlState).map { String(cString: $0) }
      guard PQstatus(connection) == CONNECTION_OK, let code else {
        isUsable = false
        throw .lost(code: code)
      }
      guard code.utf8.count == 5, code.utf8.allSatisfy(Self.isOfCodes) else {
        throw unexpectedAnswer()
      }
      let error = PostgreSQLError(code: code)
      if error.isOutcomeUnknown || error.needsAnotherConnection { isUsable = false }
      throw error
    }
  }

  /// What says how many rows it was about.
  private static let counting: Set = ["SELECT", "INSERT", "UPDATE", "DELETE"]

  private static func isOfCodes(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private enum PQErrorField {
    /// `PG_DIAG_SQLSTATE`, a macro that Swift does not see.
    static let sqlState = Int32(UInt8(ascii: "C"))
  }
}
