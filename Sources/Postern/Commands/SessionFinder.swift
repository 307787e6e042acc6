import Accounts
import DocumentStore
import FoundationEssentials
import Glibc
import Sessions

/// Finds live sessions, for commands. What cannot be read is named on standard error.
struct SessionFinder {
  let users: UserDirectory
  let time: Date
  private(set) var hasUnreadable = false
  private let documents: any DocumentStore

  init(documents: any DocumentStore, time: Date) {
    self.documents = documents
    self.time = time
    users = UserDirectory(documents: documents)
  }

  /// - Throws: `NoSuchUser`
  func user(named name: String) throws -> User {
    guard let username = Username(name), let user = try users.user(named: username) else {
      throw NoSuchUser()
    }
    return user
  }

  /// The ids of all users who may have sessions.
  func userIDs() throws -> [String] {
    try documents.keys(of: UserSessions.self).sorted()
  }

  /// The user's live sessions, in the order in which they began; none for a user who is gone, or
  /// whose sessions cannot be read.
  mutating func sessions(ofUser id: String) -> [FoundSession] {
    do {
      guard let sessions = try documents.read(UserSessions.self, id),
        let user = try owner(of: sessions, id: id)
      else { return [] }
      return sessions.live(at: time, passwordGeneration: user.passwordGeneration).map {
        FoundSession(user: user, $0)
      }
    } catch {
      hasUnreadable = true
      Output.complain("sessions of user \(Output.visible(id)) cannot be read: \(error)")
      return []
    }
  }

  private func owner(of sessions: UserSessions, id: String) throws -> User? {
    guard let username = Username(sessions.username), let user = try users.user(named: username)
    else { return nil }
    return user.id == id ? user : nil
  }
}

/// A session as commands show it.
struct FoundSession: Encodable {
  let user, userID, id: String
  let createdAt, lastUsedAt, expiresAt: Date
  let address, userAgent: String

  init(user: User, _ session: Session) {
    self.user = user.username
    userID = user.id
    id = session.id
    createdAt = session.createdAt
    lastUsedAt = session.lastUsedAt
    expiresAt = Date(timeIntervalSince1970: TimeInterval(session.current.expiresAt))
    address = session.address
    userAgent = session.userAgent
  }

  /// For a terminal. Address and browser are what a client sent.
  var line: String {
    let times = [createdAt, lastUsedAt, expiresAt].map { $0.formatted(.iso8601) }
    return ([user, id] + times + [Output.visible(address), Output.visible(userAgent)]).joined(
      separator: "\t")
  }
}
