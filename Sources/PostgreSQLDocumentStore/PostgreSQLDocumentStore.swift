import CPQ
public import DocumentStore
import Execution
public import FoundationEssentials
import Synchronization

/// Documents in PostgreSQL, or in what speaks its protocol: for any number of hosts.
///
/// All are rows of one table, each with its version and its JSON. A change is one statement that
/// compares the version and sets both, so that no transaction stays open between two requests to the
/// server.
public struct PostgreSQLDocumentStore: VersionedDocumentStore {
  /// How long `update` tries.
  public let timeout: Duration
  private let pool: ConnectionPool

  /// Connects to nothing yet.
  ///
  /// - Parameter url: as libpq takes it (PostgreSQL, "Connection Strings"), also with several hosts:
  ///   `postgresql://user:password@host1,host2/name?target_session_attrs=read-write`.
  public init(_ url: String, timeout: Duration = .seconds(2)) {
    self.timeout = timeout
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
      try pool.run(
        "select version, document from postern_documents where collection = $1 and key = $2",
        [.text(collection), .bytes(Array(key.utf8))], isRepeatable: true)
    }
    guard let row = result.rows.first else { return nil }
    guard row.count == 2, let version = row[0], let text = row[1] else {
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
      do throws(PostgreSQLError) {
        return try set(collection, key, new, expiresAt, old).changed == 1
      } catch {
        if error.isTransient { return false }
        guard case .connection = error else { throw error }
        // The version tells whose document is there. Where it is still the old one, the statement may
        // yet be carried out: then it comes before the next try, which sees that.
        let version = try stored(collection, key)?.version
        if version == old { return false }
        guard version == new?.version else { throw error }
        return true
      }
    }
  }

  private func set(
    _ collection: String, _ key: String, _ new: StoredDocument?, _ expiresAt: Date?, _ old: String?
  ) throws(PostgreSQLError) -> PostgreSQLConnection.Result {
    let name: [PostgreSQLConnection.Parameter] = [.text(collection), .bytes(Array(key.utf8))]
    switch (new, old) {
    case (nil, let old):
      return try pool.run(
        "delete from postern_documents where collection = $1 and key = $2 and version = $3",
        name + [.text(old)], isRepeatable: false)
    case (let new?, nil):
      return try pool.run(
        """
        insert into postern_documents (collection, key, version, document, expires)
        values ($1, $2, $3, $4, to_timestamp($5::float8)) on conflict do nothing
        """,
        name + values(new, expiresAt), isRepeatable: false)
    case (let new?, let old?):
      return try pool.run(
        """
        update postern_documents set version = $3, document = $4, expires = to_timestamp($5::float8)
        where collection = $1 and key = $2 and version = $6
        """,
        name + values(new, expiresAt) + [.text(old)], isRepeatable: false)
    }
  }

  private func values(
    _ new: StoredDocument, _ expiresAt: Date?
  ) -> [PostgreSQLConnection.Parameter] {
    [
      .text(new.version),
      .text(String(decoding: JSONText.stored(new.bytes), as: UTF8.self)),
      .text(expiresAt.map { "\($0.timeIntervalSince1970)" }),
    ]
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    try naming(type.collection) {
      try pool.run(
        "select encode(key, 'hex') from postern_documents where collection = $1",
        [.text(type.collection)], isRepeatable: true)
    }.rows.compactMap { row in row.first.flatMap { $0 }.flatMap(text(hexadecimal:)) }
  }

  // MARK: - The table and the server's settings

  /// Makes the table where there is none: for `postern store init`, and not for workers, which need
  /// no right to do it.
  public func makeTable() throws {
    try naming("table") {
      _ = try pool.run(
        """
        create table if not exists postern_documents (
          collection text not null,
          key bytea not null,
          version text not null,
          document jsonb not null,
          expires timestamptz,
          primary key (collection, key)
        )
        """, isRepeatable: true)
    }
  }

  /// Asks the server how it keeps what it is given.
  ///
  /// - Returns: what may be lost with its settings, for the log.
  /// - Throws: `DocumentStoreError.unavailable` where it cannot be asked; `UnfitStore` where there is
  ///   no table.
  public func checkServers() throws -> [String] {
    try naming("settings") {
      do {
        _ = try pool.run("select 1 from postern_documents limit 1", isRepeatable: true)
      } catch PostgreSQLError.refused(code: Self.noTable) {
        throw UnfitStore(Self.tableHint)
      }
      let value = try pool.run("show synchronous_commit", isRepeatable: true).rows.first?.first
      let setting = value.flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
      return setting == "off"
        ? ["synchronous_commit is off: what was changed last is lost with the server"] : []
    }
  }

  /// SQLSTATE: `undefined_table`.
  private static let noTable = "42P01"
  private static let tableHint =
    "PostgreSQL has no table postern_documents: run postern store init"

  /// Talks to the server while others go on, and says of an error which documents it is about.
  private func naming<R>(_ collection: String, _ body: () throws -> R) throws -> R {
    do {
      return try Blocking.run(body)
    } catch PostgreSQLError.refused(code: Self.noTable) {
      throw DocumentStoreError.unavailable(reason: Self.tableHint)
    } catch let error as PostgreSQLError {
      throw DocumentStoreError.unavailable(reason: "PostgreSQL, \(collection): \(error)")
    }
  }
}

private func text(hexadecimal digits: [UInt8]) -> String? {
  let text = String(decoding: digits, as: UTF8.self)
  var bytes: [UInt8] = []
  var rest = text[...]
  while !rest.isEmpty {
    guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
    bytes.append(byte)
    rest = rest.dropFirst(2)
  }
  return String(validating: bytes, as: UTF8.self)
}

/// The connections that are kept.
private final class ConnectionPool: Sendable {
  private let url: String
  private let idle = Mutex<[PostgreSQLConnection]>([])
  private static let mostIdle = 32

  init(_ url: String) { self.url = url }

  /// - Parameter isRepeatable: whether it does no harm when it is done twice. Then it is sent again
  ///   where a kept connection turned out to be closed.
  func run(
    _ statement: String, _ parameters: [PostgreSQLConnection.Parameter] = [], isRepeatable: Bool
  ) throws(PostgreSQLError) -> PostgreSQLConnection.Result {
    var kept = idle.withLock { $0.popLast() }
    while true {
      let connection = if let kept { kept } else { try PostgreSQLConnection(url) }
      do throws(PostgreSQLError) {
        let result = try connection.run(statement, parameters)
        giveBack(connection)
        return result
      } catch {
        if connection.isUsable {
          giveBack(connection)
          throw error
        }
        // The others were connected to the same server.
        let dropped = idle.withLock { idle in
          defer { idle = [] }
          return idle
        }
        _ = dropped
        guard kept != nil, isRepeatable, case .connection = error else { throw error }
        kept = nil
      }
    }
  }

  private func giveBack(_ connection: PostgreSQLConnection) {
    idle.withLock { if $0.count < Self.mostIdle { $0.append(connection) } }
  }
}
