public import DocumentStore
public import ForeignInput
import SystemCalls

/// Finds, adds and changes users. Every operation may throw `DocumentStoreError`.
public struct UserDirectory: Sendable {
  let documents: any DocumentStore

  public init(documents: any DocumentStore) {
    self.documents = documents
  }

  /// The user of this name, disabled or not.
  public func user(named name: Username) throws -> User? {
    try documents.read(User.self, name.text)
  }

  /// The user of this name, for a sign-in. Finding none takes the same system calls and the same
  /// work, so the answer does not tell which names there are.
  /// - Parameters:
  ///   - name: `nil` for a name that no user can have.
  ///   - account: the name that was sent, or its one form.
  public func candidate(named name: Username?, called account: ForeignText) throws -> User? {
    let decoy = Decoy.key(of: account)
    guard let name, let user = try documents.readAnew(User.self, name.text) else {
      if name == nil { _ = try documents.readAnew(Decoy.self, Decoy.absentKey) }
      if try documents.readAnew(Decoy.self, decoy) == nil { try Decoy.make(in: documents) }
      return nil
    }
    _ = try documents.readAnew(Decoy.self, Decoy.absentKey)
    return user
  }

  /// The user who has this name and this id and may sign in. A later user of the same name has
  /// another id.
  /// - Parameter name: as the user has it, such as in a token or a document of ours.
  public func activeUser(named name: String, id: String) throws -> User? {
    guard DocumentKey.lengths.contains(name.utf8.count),
      let user = try documents.read(User.self, name), user.id == id
    else { return nil }
    return user.isDisabled ? nil : user
  }

  /// Adds a user under a new id.
  /// - Throws: `UsernameTaken`
  public func add(_ name: Username, profile: User.Profile, passwordHash: String) throws -> User {
    try documents.update(User.self, name.text) { document in
      guard document == nil else { throw UsernameTaken() }
      let user = User(
        id: System.randomID(), username: name.text, profile: profile,
        passwordHash: passwordHash)
      document = user
      return user
    }
  }

  /// Removes the user of this name, after `prepare` has removed what else there is of them.
  ///
  /// - Parameter prepare: called within the update of the user, as that of `changePassword`: where it
  ///   throws, or this process dies in it, the user is there still and can be removed again.
  /// - Returns: `nil` where there is no such user.
  public func remove(_ name: Username, prepare: (User) throws -> Void) throws -> User? {
    try change(name) { document in
      guard let user = document else { return nil }
      try prepare(user)
      document = nil
      return user
    }
  }

  func change<R>(_ name: Username, _ change: (inout User?) throws -> R) throws -> R {
    try documents.update(User.self, name.text, change)
  }

  /// Puts the user into these groups and no others.
  /// - Returns: whether there is such a user.
  public func setGroups(of name: Username, to groups: [GroupName]) throws -> Bool {
    try documents.update(User.self, name.text) { user in
      user?.groups = groups.map(\.text)
      return user != nil
    }
  }

  /// Refuses the user's sign-ins, refreshes and tokens from the next request on; links too. Sessions
  /// are ended by `SessionStore`, after this.
  /// - Returns: the user, and whether anything has changed; `nil` where there is no such user.
  public func disable(_ name: Username) throws -> (user: User, isChanged: Bool)? {
    try change(name) { $0.isDisabled = true }
  }

  /// Admits the user again, and strangers too where they have failed too often.
  /// - Returns: as `disable`.
  public func enable(_ name: Username) throws -> (user: User, isChanged: Bool)? {
    try change(name) { user in
      user.isDisabled = false
      user.strangersFailures = nil
    }
  }

  private func change(
    _ name: Username, _ change: (inout User) -> Void
  ) throws -> (user: User, isChanged: Bool)? {
    try documents.update(User.self, name.text) { document in
      guard var user = document else { return nil }
      change(&user)
      defer { document = user }
      return (user, document != user)
    }
  }

  /// Keeps another hash of the password that `user` was read with; nothing happens where that was
  /// changed meanwhile.
  public func renewPasswordHash(of user: User, with hash: String) throws {
    try update(user) { $0.passwordHash = hash }
  }

  /// Keeps the hash of a new password. Returns `false`, and changes nothing, where the password
  /// that `user` was read with was changed meanwhile.
  ///
  /// - Parameter prepare: called within the update of the user, before the change. Where the engine
  ///   locks, no other change of the password comes between. Where it compares and sets, `prepare` may
  ///   be called once more, or another change may come first after it: so it must do no harm then,
  ///   and the same when it is done twice. Ending sessions is such a thing: at worst, more of them
  ///   have ended than had to. What it throws leaves the password as it is.
  public func changePassword(
    of user: User, toHash hash: String, prepare: () throws -> Void = {}
  ) throws -> Bool {
    try update(user) { user in
      try prepare()
      user.passwordHash = hash
      user.passwordGeneration &+= 1
      user.strangersFailures = nil
      user.hasDemoPassword = false
    }
  }

  /// Calls `body` while nobody changes the user, where the engine locks. Returns `false`, and does
  /// not call it, where the password that `user` was read with was changed meanwhile.
  /// - Parameter body: as `prepare` of `changePassword`.
  func whileUnchanged(_ user: User, _ body: () throws -> Void) throws -> Bool {
    try update(user) { _ in try body() }
  }

  /// Forgets all browsers that have signed in as this user. Nothing happens where the user is gone
  /// or the password was changed meanwhile, which forgets them too.
  public func forgetBrowsers(of user: User) throws {
    try update(user) { $0.signOutsEverywhere = ($0.signOutsEverywhere ?? 0) &+ 1 }
  }

  @discardableResult
  func update(_ user: User, _ change: (inout User) throws -> Void) throws -> Bool {
    try documents.update(User.self, user.username) { document in
      guard var now = document, now.id == user.id,
        now.passwordGeneration == user.passwordGeneration
      else { return false }
      try change(&now)
      document = now
      return true
    }
  }

  /// Whether the user is as active, and has the same password, as when `user` was read.
  public func isUnchanged(_ user: User) throws -> Bool {
    guard let now = try activeUser(named: user.username, id: user.id) else { return false }
    return now.passwordGeneration == user.passwordGeneration
  }

  /// All users, by name, and the names of those whose documents cannot be read, with the reasons.
  public func all() throws -> (users: [User], unreadable: [(name: String, error: any Error)]) {
    var users: [User] = []
    var unreadable: [(name: String, error: any Error)] = []
    for name in try documents.keys(of: User.self).sorted() {
      do {
        if let user = try documents.read(User.self, name) { users.append(user) }
      } catch {
        unreadable.append((name, error))
      }
    }
    return (users, unreadable)
  }
}

/// There is a user of this name already.
public struct UsernameTaken: Error, CustomStringConvertible {
  public init() {}

  public var description: String { "there is a user of this name already" }
}
