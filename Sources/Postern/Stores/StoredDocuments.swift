import Accounts
import DocumentStore
import FileDocumentStore
import PostgreSQLDocumentStore
import RedisDocumentStore
import Sessions
import SystemCalls

/// Every kind of document that this program keeps.
var storedDocuments: [any Document.Type] { ModuleList.current.documents }

/// Those that Postern keeps whatever modules there are.
let ownDocuments: [any Document.Type] =
  [
    User.self,
    UserSessions.self,
    StrangersFailures.self,
    KnownFailures.self,
    Decoy.self,
    PasswordLink.self,
  ] + hostDocuments

/// Those that are about the hosts of a shared store, and not about users.
let hostDocuments: [any Document.Type] = [SharedKeys.self, HostReport.self]

/// What happens where there is no store yet.
enum MissingStore {
  case make
  /// For a mistyped path, which must neither look like an empty store nor be filled.
  case refuse(hint: String = "")
}

/// Opens the store that the settings name, or another one: the one place where an engine is chosen.
/// Connects to nothing yet.
///
/// - Throws: an error whose description tells the operator what to mend.
func openStore(
  _ configuration: PosternConfiguration, at address: StoreAddress? = nil,
  ifMissing missing: MissingStore
) throws -> any DocumentStore {
  let address = address ?? configuration.store
  switch address {
  case .dataFolder, .folder:
    let path = configuration.folder(of: address) ?? ""
    if case .refuse(let hint) = missing, try System.statusOfTarget(ofPath: path) == nil {
      throw ConfigurationError("There is no data folder at \(path)." + hint)
    }
    return try FileDocumentStore(
      path: path, reserve: DiskReserve(size: configuration.diskReserve << 20))
  case .redis(let address):
    var options = RedisDocumentStore.Options()
    options.waitReplicas = configuration.waitReplicas
    return RedisDocumentStore(address, options)
  case .postgreSQL(let address):
    if let fault = PostgreSQLDocumentStore.libraryFault { throw ConfigurationError(fault) }
    return PostgreSQLDocumentStore(address.url)
  }
}
