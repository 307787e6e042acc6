import Accounts
import DocumentStore
import FileDocumentStore
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
    throw ConfigurationError("There is no data folder at \(configuration.data)." + hint)
  }
  return try FileDocumentStore(
    path: configuration.data, reserve: DiskReserve(size: configuration.diskReserve << 20))
}
