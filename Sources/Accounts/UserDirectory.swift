public import DocumentStore
import FoundationEssentials

/// Finds, adds and changes users. Every operation may throw `DocumentStoreError`.
public struct UserDirectory: Sendable {
  private let documents: any DocumentStore

  public init(documents: any DocumentStore) {
    self.documents = documents
  }

  /// The user of this name, disabled or not.
  public func user(named name: Username) throws -> User? {
    try documents.read(User.self, name.text)
  }

  /// The user who has this name and this id and may sign in. A later user of the same name has
  /// another id.
  public func activeUser(named name: String, id: String) throws -> User? {
    guard let name = Username(name), let user = try user(named: name), user.id == id else {
      return nil
    }
    return user.isDisabled ? nil : user
  }

  /// Adds a user under a new id.
  /// - Throws: `UsernameTaken`
  public func add(_ name: Username, profile: User.Profile, passwordHash: String) throws -> User {
    try documents.update(User.self, name.text) { document in
      guard document == nil else { throw UsernameTaken() }
      let user = User(
        id: UUID().uuidString.lowercased(), username: name.text, profile: profile,
        passwordHash: passwordHash)
      document = user
      return user
    }
  }

  /// Puts a new hash of the same password in the place of `old`; nothing happens where the
  /// password was changed meanwhile.
  public func replacePasswordHash(of user: User, with hash: String) throws {
    try documents.update(User.self, user.username) { document in
      if document?.id == user.id, document?.passwordHash == user.passwordHash {
        document?.passwordHash = hash
      }
    }
  }

  /// All users, by name.
  public func all() throws -> [User] {
    try documents.keys(of: User.self).sorted().compactMap { try documents.read(User.self, $0) }
  }
}

/// There is a user of this name already.
public struct UsernameTaken: Error, CustomStringConvertible {
  public init() {}

  public var description: String { "there is a user of this name already" }
}
