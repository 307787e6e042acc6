public import RedisDocumentStore

/// The setting `store`: which engine keeps the documents.
///
/// Its description holds no password.
public enum StoreChoice: Sendable, CustomStringConvertible {
  /// Files below the data folder.
  case file
  case redis(RedisAddress)
  /// The URL, as libpq takes it.
  case postgreSQL(url: String)

  /// - Throws: `ConfigurationError`, which does not hold the text.
  init(_ text: String) throws(ConfigurationError) {
    if text == "file" {
      self = .file
    } else if text.hasPrefix("redis") {
      do {
        self = .redis(try RedisAddress(text))
      } catch {
        throw ConfigurationError("store: the URL \(error)")
      }
    } else if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
      self = .postgreSQL(url: text)
    } else {
      throw ConfigurationError("store must be file, redis://… or postgresql://…")
    }
  }

  public var description: String {
    switch self {
    case .file: "file"
    case .redis(let address): "\(address)"
    case .postgreSQL: "postgresql"
    }
  }
}
