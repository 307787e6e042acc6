import Accounts
import ArgumentParser
import DocumentStore
import FileDocumentStore
import PostgreSQLDocumentStore
import RedisDocumentStore
import Sessions
import SystemCalls

/// Every kind of document that this program keeps.
var storedDocuments: [any Document.Type] { ModuleList.current.documents }

/// Those that Postern keeps whatever modules there are.
let ownDocuments: [any Document.Type] = [
  User.self,
  UserSessions.self,
  StrangersFailures.self,
  KnownFailures.self,
  Decoy.self,
  PasswordLink.self,
]

/// What happens where there is no store yet.
enum MissingStore {
  case make
  /// For a mistyped path, which must neither look like an empty store nor be filled.
  case refuse(hint: String = "")
}

/// Opens the store that the settings name: the one place where an engine is chosen.
///
/// - Throws: an error whose description tells the operator what to mend.
func openStore(
  _ configuration: PosternConfiguration, ifMissing missing: MissingStore
) throws -> any DocumentStore {
  if case .refuse(let hint) = missing,
    try System.statusOfTarget(ofPath: configuration.data) == nil
  {
    throw ValidationError("There is no data folder at \(configuration.data)." + hint)
  }
  switch configuration.store {
  case .file: return try FileDocumentStore(path: configuration.data)
  case .redis(let address):
    var options = RedisDocumentStore.Options()
    options.waitReplicas = configuration.waitReplicas
    return RedisDocumentStore(address, options)
  case .postgreSQL(let url): return PostgreSQLDocumentStore(url)
  }
}
