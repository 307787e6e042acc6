import DocumentStore
import Glibc

/// The table, and the server's settings.
extension PostgreSQLDocumentStore {
  /// What makes each version of the schema of the one before it. Each does no harm when it is done
  /// twice, or by two at once. Kept as they are: new ones come at the end.
  static let migrations = [
    """
    create table if not exists postern_documents (
      collection text not null,
      key bytea not null,
      version text not null,
      document jsonb not null,
      expires timestamptz,
      primary key (collection, key)
    )
    """
  ]

  /// Makes the table where there is none, and brings an older one up to date: for
  /// `postern store init`, and not for workers, which need no right to do it. Any number may do it
  /// at once.
  ///
  /// - Throws: `DocumentStoreError.unavailable`; `UnfitStore` where a later version of Postern made it.
  public func makeTable() throws { try makeTable(Self.migrations) }

  func makeTable(_ migrations: [String]) throws {
    try naming("table") {
      let version = try schemaVersion()
      if let version { try refuse(version, laterThan: migrations.count) }
      guard version != migrations.count else { return }
      try make("create table if not exists postern_schema (version integer primary key)")
      for (index, statement) in migrations.enumerated().dropFirst(version ?? 0) {
        try make(statement)
        _ = try ask(
          "insert into postern_schema (version) values ($1) on conflict do nothing",
          [.text("\(index + 1)")])
      }
    }
  }

  /// - Returns: `nil` where there is no schema with a version.
  private func schemaVersion() throws(PostgreSQLError) -> Int? {
    do throws(PostgreSQLError) {
      let rows = try ask("select max(version) from postern_schema", columns: 1).rows
      guard rows.count == 1 else { throw .unexpectedAnswer }
      guard let value = rows[0][0] else { return nil }
      guard let version = Int(String(decoding: value, as: UTF8.self)), version >= 0 else {
        throw .unexpectedAnswer
      }
      return version
    } catch .refused(code: Self.noTable) {
      return nil
    }
  }

  private func refuse(_ version: Int, laterThan known: Int) throws {
    guard version > known else { return }
    throw DocumentStoreError.unavailable(
      reason: "a later version of Postern made PostgreSQL's tables: schema \(version), not \(known)"
    )
  }

  /// `if not exists` does not keep two from making the same table at once: the second gets an error.
  private func make(_ statement: String) throws(PostgreSQLError) {
    let isThereAlready = ["23505", "42P07", "42701", "42710"]
    for tries in 1... {
      do throws(PostgreSQLError) {
        _ = try ask(statement)
        return
      } catch .refused(let code) where isThereAlready.contains(code) && tries < 10 {
        usleep(100_000)
      }
    }
  }

  /// Asks the server how it keeps what it is given.
  ///
  /// - Returns: what may be lost with its settings, for the log.
  /// - Throws: `DocumentStoreError.unavailable` where it cannot be asked; `UnfitStore` where there is
  ///   no table, or it is of another version.
  public func checkServers() throws -> [String] {
    try naming("settings") {
      guard let version = try schemaVersion() else {
        throw UnfitStore(Self.tableHint)
      }
      try refuse(version, laterThan: Self.migrations.count)
      guard version == Self.migrations.count else {
        throw UnfitStore(
          "PostgreSQL's tables are of an earlier version: run postern store init")
      }
      _ = try ask("select 1 from postern_documents limit 1", columns: 1)
      // For a setting that a server does not know it answers NULL.
      let rows =
        try ask(
          """
          select current_setting('synchronous_commit', true), current_setting('fsync', true),
          current_setting('synchronous_standby_names', true)
          """, columns: 3
        ).rows
      guard rows.count == 1 else { throw PostgreSQLError.unexpectedAnswer }
      let values = rows[0].map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" }
      return Self.warnings(synchronousCommit: values[0], fsync: values[1], standbys: values[2])
    }
  }

  static func warnings(
    synchronousCommit: String, fsync: String, standbys: String
  ) -> [String] {
    var warnings: [String] = []
    if fsync == "off" {
      warnings.append("fsync is off: everything may be lost when the server's machine ends")
    }
    if synchronousCommit == "off" {
      warnings.append("synchronous_commit is off: what was changed last is lost with the server")
    }
    if synchronousCommit == "local", !standbys.isEmpty {
      warnings.append(
        "synchronous_commit is local: what was changed last is lost where the standby takes over")
    }
    return warnings
  }
}
