/// Where the PostgreSQL servers are, and how to sign in there: the URL of the setting `store`, as
/// libpq takes it (PostgreSQL, "Connection URIs").
///
/// ```
/// postgresql://user:password@host1:5432,host2/name?target_session_attrs=read-write
/// postgresql://user@/name?host=/run/postgresql
/// ```
/// What is not in it, libpq takes from the environment (`PGPASSFILE`, `PGSSLMODE`, …).
///
/// Its description holds neither user nor password.
public struct PostgreSQLAddress: Equatable, Sendable, CustomStringConvertible {
  /// With the password.
  public let url: String

  /// - Throws: `PostgreSQLAddressError` for another scheme. Whether libpq can use the rest, the first
  ///   connection shows.
  public init(_ url: String) throws(PostgreSQLAddressError) {
    guard ["postgresql://", "postgres://"].contains(where: url.hasPrefix),
      !url.utf8.contains(0)
    else { throw PostgreSQLAddressError() }
    self.url = url
  }

  /// Whether a password is in it, or may be: a user, a colon and more, or a parameter.
  public var hasPassword: Bool {
    let rest = url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...]
    let user = rest.lastIndex(of: "@").map { rest[..<$0] } ?? ""
    return user.contains(":") || rest.lowercased().contains("password=")
  }

  /// What is behind the last `@`, so that a password that is not percent-encoded is left out, too, and
  /// of the parameters those that say which server it is.
  public var description: String {
    let rest = url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...]
    let place = rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
    let parts = place.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let shown = parts.dropFirst().first?.split(separator: "&").filter { parameter in
      ["host=", "hostaddr=", "port=", "dbname="].contains(where: parameter.hasPrefix)
    }
    let query = shown.map { $0.isEmpty ? "" : "?" + $0.joined(separator: "&") } ?? ""
    return "postgresql://\(parts[0])\(query)"
  }
}

/// The URL is not one of PostgreSQL. Never holds it: it may have a password.
public struct PostgreSQLAddressError: Error, Equatable, CustomStringConvertible {
  public let description = "is no URL of PostgreSQL"
}
