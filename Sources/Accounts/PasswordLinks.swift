public import DocumentStore
public import ForeignInput
public import FoundationEssentials

/// Makes and uses the links by which users choose their passwords. Every operation may throw
/// `DocumentStoreError`.
public struct PasswordLinks: Sendable {
  private let documents: any DocumentStore
  private let users: UserDirectory

  /// How long a link is good, in seconds.
  public static let lifetime: TimeInterval = 86_400

  public init(documents: any DocumentStore) {
    self.documents = documents
    users = UserDirectory(documents: documents)
  }

  /// A new link's token for the user. An earlier link is good no longer.
  /// - Throws: `LinkRefused`
  public func make(for name: Username, at time: Date) throws -> String {
    guard let user = try users.user(named: name) else { throw LinkRefused.noUser }
    guard !user.isDisabled else { throw LinkRefused.disabled }
    let token = LinkToken(for: name)
    let link = PasswordLink(
      userID: user.id, passwordGeneration: user.passwordGeneration,
      digest: token.digest, expiresAt: time + Self.lifetime)
    // Not while an earlier one sets a password, which would use up this one too.
    let isMade = try users.whileUnchanged(user) {
      try documents.update(PasswordLink.self, name.text) { $0 = link }
    }
    guard isMade else { throw LinkRefused.busy }
    return token.text
  }

  /// When the user's link expires, if they have one that is good.
  public func expiry(ofLinkFor user: User, at time: Date) throws -> Date? {
    let link = try documents.read(PasswordLink.self, user.username)
    return link.flatMap { $0.isGood(for: user, at: time) ? $0.expiresAt : nil }
  }

  /// A link that was found good.
  public struct Opened: Sendable {
    public let user: User
    let token: LinkToken
  }

  /// The link of a token and its user, if it is good. For one that was guessed this is one read: no
  /// password hash, and nothing is written.
  public func open(_ token: ForeignText, at time: Date) throws -> Opened? {
    guard let token = token.string(limit: LinkToken.longest).flatMap({ LinkToken($0) }) else {
      return nil
    }
    return try open(token, at: time)
  }

  private func open(_ token: LinkToken, at time: Date) throws -> Opened? {
    guard let link = try documents.read(PasswordLink.self, token.username.text),
      link.isFound(by: token), let user = try users.user(named: token.username),
      link.isGood(for: user, at: time)
    else { return nil }
    return Opened(user: user, token: token)
  }

  /// Keeps the hash of a new password and uses up the link. Returns `false`, and changes nothing,
  /// where the link is no longer good: of two who use it at once, one is first.
  ///
  /// Both are one write, since a link is good for one generation of the password. Before it, nothing
  /// is lost: the link is good still. After it, the link's document is of no use to anybody and is
  /// removed later.
  ///
  /// - Parameter prepare: as of `UserDirectory.changePassword`. Not called for a link that is not
  ///   good.
  public func setPassword(
    by link: Opened, toHash hash: String, at time: Date, prepare: () throws -> Void
  ) throws -> Bool {
    do {
      return try users.changePassword(of: link.user, toHash: hash) {
        // A newer link may have been made since this one was opened.
        guard try open(link.token, at: time) != nil else { throw NotGood() }
        try prepare()
      }
    } catch is NotGood {
      return false
    }
  }

  /// Removes the document of a link that was used.
  public func remove(_ link: Opened) throws {
    try documents.update(PasswordLink.self, link.user.username) { document in
      if document?.digest == link.token.digest { document = nil }
    }
  }

  /// Removes links that have expired.
  ///
  /// - Parameter pause: called after each document.
  /// - Returns: how many.
  public static func sweep(
    _ documents: any DocumentStore, at time: Date, pause: () -> Void = {}
  ) throws -> Int {
    try documents.sweep(PasswordLink.self, pause: pause) { link in
      if let end = link?.expiresAt, end <= time { link = nil }
    }
  }

  private struct NotGood: Error {}
}

/// Why no link was made.
public enum LinkRefused: Error, CustomStringConvertible {
  case noUser
  case disabled
  case busy

  public var description: String {
    switch self {
    case .noUser: "there is no user of this name"
    case .disabled: "the user is disabled"
    case .busy: "the user's password was changed at this moment; try again"
    }
  }
}
