import Accounts
import ArgumentParser
import DocumentStore
import Glibc
import Logging
import SecurityEvents
import Sessions

extension UserCommand {
  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a user, and all that is kept of them.",
      discussion: """
        The user, their sessions, their one-time link, and what modules keep under the user's id, \
        such as jobs. The next request of any of their sessions is refused. Counts of failed \
        sign-ins are kept under digests that several names share, and are forgotten within a day. \
        A backup still has what it has.

          postern user delete dana
        """)

    @Argument(help: "The name that the user signs in with.")
    var name: String

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      guard let username = Username(name),
        let user = try UserDirectory(documents: documents).user(named: username)
      else { throw NoSuchUser() }
      if !yes { try confirm(user) }
      guard let removed = try UserRemoval(documents: documents).remove(username) else {
        throw NoSuchUser()
      }
      print("Deleted \(removed.username) (\(removed.id))")
      Logger.postern(configuration)
        .record(.userDeleted, ["user": "\(removed.id)"])
    }

    private func confirm(_ user: User) throws {
      guard isatty(STDIN_FILENO) == 1 else {
        throw ValidationError("Without a terminal to ask at, --yes is needed.")
      }
      print(
        "Delete \(user.username) (\(user.id)), and all that is kept of them? [y/N] ", terminator: ""
      )
      fflush(nil)
      guard ["y", "yes"].contains(readLine()?.lowercased()) else {
        print("Nothing was deleted.")
        throw ExitCode.failure
      }
    }
  }
}

/// Removes a user and what is kept of them, while the service runs.
struct UserRemoval {
  let documents: any DocumentStore

  /// The user goes last, so that one whose removal broke off can be removed again. What requests
  /// that were under way wrote meanwhile goes after that; a sign-in finds no user any more then.
  /// - Returns: `nil` where there is no such user.
  func remove(_ name: Username) throws -> User? {
    let removed = try UserDirectory(documents: documents).remove(name) {
      try removeDocuments(of: $0)
    }
    guard let removed else { return nil }
    try removeDocuments(of: removed)
    for type in [User.self, PasswordLink.self] + kept {
      _ = try documents.removeLeftovers(of: type)
    }
    return removed
  }

  /// What has a user's id as its key.
  private var kept: [any Document.Type] {
    [UserSessions.self] + ModuleList.current.modules.flatMap { $0.documents }
  }

  private func removeDocuments(of user: User) throws {
    try removeIfAny(PasswordLink.self, user.username)
    for type in kept { try removeIfAny(type, user.id) }
  }

  /// Looks first: an update of nothing would make its folder.
  private func removeIfAny<D: Document>(_ type: D.Type, _ key: String) throws {
    guard try documents.read(type, key) != nil else { return }
    try documents.update(type, key) { $0 = nil }
  }
}
