import CPQ
public import DocumentStore
import Execution
public import FoundationEssentials

/// Documents in PostgreSQL, or in what speaks its protocol: for any number of hosts.
///
/// All are rows of one table, each with its version and its JSON. A change is one statement that
/// compares the version and sets both, so that no transaction stays open between two requests to the
/// server.
public struct PostgreSQLDocumentStore: VersionedDocumentStore {
  /// How long `update` tries.
  public let timeout: Duration
  /// How long the server may take for one statement.
  public let statementTimeout: Duration
  /// The same for what goes through a collection.
  private static let upkeepTimeout = Duration.seconds(60)
  private let pool: ConnectionPool

  /// Connects to nothing yet.
  ///
  /// - Parameter url: as libpq takes it (PostgreSQL, "Connection Strings"), also with several hosts:
  ///   `postgresql://user:password@host1,host2/name?target_session_attrs=read-write`.
  public init(
    _ url: String, timeout: Duration = .seconds(2), statementTimeout: Duration = .seconds(3)
  ) {
    self.timeout = timeout
    self.statementTimeout = statementTimeout
    pool = ConnectionPool(url)
  }

  /// Why libpq cannot be used, for the operator; `nil` where it can. Loads it, which costs some
  /// milliseconds and megabytes, and is left for those to do who need it.
  public static var libraryFault: String? {
    open_libpq().map {
      "libpq is missing: install the package libpq5, and restart (\(String(cString: $0)))"
    }
  }

  // MARK: - The operations of an engine

  public func stored(_ collection: String, _ key: String) throws -> StoredDocument? {
    let result = try naming(collection) {
      try ask(
        "select version, document from postern_documents where collection = $1 and key = $2",
        [.text(collection), .bytes(Array(key.utf8))], columns: 2)
    }
    guard let row = result.rows.first else { return nil }
    guard result.rows.count == 1, let version = row[0], let text = row[1] else {
      throw DocumentStoreError.damaged(reason: "\(collection): a row without a document")
    }
    return StoredDocument(
      bytes: JSONText.document(text), version: String(decoding: version, as: UTF8.self))
  }

  public func replace(
    _ collection: String, _ key: String, with new: StoredDocument?, expiresAt: Date?,
    insteadOf old: String?
  ) throws -> Bool {
    try naming(collection) {
      let compareAndSet = CompareAndSet(collection, key, new, expiresAt, insteadOf: old)
      do throws(PostgreSQLError) {
        let result = try tell(compareAndSet)
        if !result.hasWarning { return result.changed == 1 }
        if result.changed == 0 { return false }
      } catch {
        if error.isTransient { return false }
        guard error.isOutcomeUnknown else { throw error }
        // The same again: of the two only one can find the old version, however late the first is
        // carried out. So the change is not made twice. A creation finds no version: a late one would
        // bring back what others have removed meanwhile.
        if old != nil, case let again = try tell(compareAndSet), again.changed == 1,
          !again.hasWarning
        {
          return true
        }
        // Others may have removed it as well: it is not known who did.
        guard let new, try stored(collection, key)?.version == new.version else { throw error }
      }
      // It is there, but nobody has waited until a synchronous standby has it too. This does.
      guard let new else { throw PostgreSQLError.lost(code: nil) }
      let result = try tell(.again(collection, key, new.version))
      guard result.changed == 1, !result.hasWarning else { throw PostgreSQLError.lost(code: nil) }
      return true
    }
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    try naming(type.collection) {
      try ask(
        "select encode(key, 'hex') from postern_documents where collection = $1",
        [.text(type.collection)], columns: 1, within: Self.upkeepTimeout, atMost: 1 << 30)
    }.rows.compactMap { row in
      guard let key = row[0].flatMap(bytes(hexadecimal:)) else {
        throw DocumentStoreError.damaged(reason: "\(type.collection): a row without a key")
      }
      return String(validating: key, as: UTF8.self)
    }
  }

  /// Removes the documents that expired, by the server's clock, some at a time. A sweep finds the
  /// others.
  public func removeLeftovers<D: Document>(of type: D.Type) throws -> Int {
    var count = 0
    while true {
      let removed = try naming(type.collection) {
        try ask(
          """
          delete from postern_documents where collection = $1 and expires < now() and key in (
            select key from postern_documents where collection = $1 and expires < now() limit 1000)
          """, [.text(type.collection)], within: Self.upkeepTimeout)
      }.changed
      count += removed
      if removed == 0 { return count }
    }
  }

  // MARK: - Asking

  private func tell(
    _ change: CompareAndSet
  ) throws(PostgreSQLError) -> PostgreSQLConnection.Result {
    try pool.run(
      change.statement, change.parameters, isRepeatable: false, within: statementTimeout
    ) { 0...1 ~= $0.changed }
  }

  /// Runs a statement that does no harm when it is done twice.
  func ask(
    _ statement: String, _ parameters: [PostgreSQLConnection.Parameter] = [], columns: Int32 = 0,
    within time: Duration? = nil, atMost limit: Int = 16 << 20
  ) throws(PostgreSQLError) -> PostgreSQLConnection.Result {
    try pool.run(
      statement, parameters, columns: columns, isRepeatable: true,
      within: time ?? statementTimeout, atMost: limit)
  }

  /// Talks to the server while others go on, and says of an error which documents it is about.
  func naming<R>(_ collection: String, _ body: () throws -> R) throws -> R {
    do {
      return try Blocking.run(body)
    } catch PostgreSQLError.refused(code: Self.noTable) {
      throw DocumentStoreError.unavailable(reason: Self.tableHint)
    } catch let error as PostgreSQLError {
      let reason = "PostgreSQL, \(collection): \(error)"
      throw error.isBusy
        ? DocumentStoreError.busy(reason: reason) : DocumentStoreError.unavailable(reason: reason)
    }
  }

  /// SQLSTATE: `undefined_table`.
  static let noTable = "42P01"
  static let tableHint = "PostgreSQL has no table postern_documents: run postern store init"
}

private func bytes(hexadecimal digits: [UInt8]) -> [UInt8]? {
  var bytes: [UInt8] = []
  var rest = digits[...]
  while !rest.isEmpty {
    let pair = String(decoding: rest.prefix(2), as: UTF8.self)
    guard pair.count == 2, pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16)
    else { return nil }
    bytes.append(byte)
    rest = rest.dropFirst(2)
  }
  return bytes
}
