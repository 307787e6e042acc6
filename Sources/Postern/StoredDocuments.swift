import Accounts
import ArgumentParser
import DocumentStore
import Sessions
import SystemCalls

/// Every kind of document that this program keeps.
var storedDocuments: [any Document.Type] { ModuleList.current.documents }

/// Those that Postern keeps whatever modules there are.
let ownDocuments: [any Document.Type] = [
  User.self,
  UserSessions.self,
  FailureTable.self,
  Decoy.self,
]

extension FileDocumentStore {
  /// Opens a store that is there: a mistyped path is not to look like an empty one.
  init(existingAt path: String) throws {
    guard try System.status(ofPath: path) != nil else {
      throw ValidationError("There is no data folder at \(path).")
    }
    try self.init(path: path)
  }
}
