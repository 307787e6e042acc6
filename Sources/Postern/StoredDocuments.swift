import Accounts
import DocumentStore
import JobsModule
import Sessions

/// Every kind of document that Postern keeps: the one list of them.
let storedDocuments: [any Document.Type] = [
  User.self,
  UserSessions.self,
  JobList.self,
  FailedAttempts.self,
]
