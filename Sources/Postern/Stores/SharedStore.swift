import DocumentStore
import FoundationEssentials
import Logging
import PostgreSQLDocumentStore
import RedisDocumentStore
import Tokens

/// An engine whose documents are on servers, for any number of hosts.
protocol SharedStore: DocumentStore {
  /// Asks the servers how they keep what they are given.
  ///
  /// - Returns: what may be lost with their settings, for the log.
  /// - Throws: `UnfitStore`; `DocumentStoreError` where they cannot be asked.
  func checkServers() throws -> [String]
}

extension RedisDocumentStore: SharedStore {}
extension PostgreSQLDocumentStore: SharedStore {}

/// Makes sure that this host may use its store: that the servers are set up for it, and that the
/// other hosts have the same keys. A store of files is always good.
///
/// - Returns: what may be lost with the servers' settings, for the log.
/// - Throws: `ConfigurationError` where it may not; `DocumentStoreError` where that cannot be told.
func checkStore(
  _ documents: any DocumentStore, keys: KeyFile, at time: Date = Date()
) throws -> [String] {
  guard documents is any SharedStore else { return [] }
  let warnings = try checkServers(of: documents)
  try SharedKeys.join(SharedKeys(keys, at: time), in: documents, at: time)
  return warnings
}

/// The servers alone. There are none of a store of files.
/// - Throws: as `checkStore`.
func checkServers(of documents: any DocumentStore) throws -> [String] {
  do {
    return try (documents as? any SharedStore)?.checkServers() ?? []
  } catch let error as UnfitStore {
    throw ConfigurationError("store: \(error)")
  }
}

/// The same at the start of the service, which tells the log. Where the servers cannot be asked, the
/// service starts, and answers 503 until they can.
///
/// - Returns: whether they were asked.
/// - Throws: `ConfigurationError`
func checkStoreAtStart(
  _ documents: any DocumentStore, keys: KeyFile, _ logger: Logger
) throws -> Bool {
  do {
    for warning in try checkStore(documents, keys: keys) { logger.warning("store: \(warning)") }
    return true
  } catch let error as DocumentStoreError {
    logger.error(
      "the store cannot be asked: requests are refused until it can",
      metadata: ["error": "\(error)"])
    return false
  }
}
