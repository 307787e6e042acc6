import Accounts
import ArgumentParser
import DocumentStore
import JobsModule
import Sessions
import SystemCalls

/// Every kind of document that Postern keeps: the one list of them.
let storedDocuments: [any Document.Type] = [
  User.self,
  UserSessions.self,
  JobList.self,
  StrangersFailures.self,
  KnownFailures.self,
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
