import Accounts
import ArgumentParser
import ForeignInput
import Logging
import SecurityEvents
import Sessions
import SystemCalls

extension UserCommand {
  struct Password: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set a user's password, and end all their sessions.",
      discussion: """
        Asks for the password twice; where standard input is no terminal, its first line is the \
        password. With "postern user link", the user chooses one that nobody else knows.

          postern user password dana
        """)

    @Argument(help: "The name that the user signs in with.")
    var name: String

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.forbidDumps()
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      let users = UserDirectory(documents: documents)
      guard let user = try Username(name).flatMap({ try users.user(named: $0) }) else {
        throw NoSuchUser()
      }
      guard let text = try PasswordPrompt.newPassword(prompt: "Password: ") else {
        throw ValidationError("There is no password on standard input.")
      }
      let password = try configuration.passwords.password(
        ForeignText(text), forUser: user.username, user.profile)
      let hash = try PasswordHasher(concurrency: 1).hash(password)
      let sessions = SessionStore(documents: documents, policy: configuration.sessions)
      // Before the change, and again after it for sign-ins that were under way.
      let isChanged = try users.changePassword(of: user, toHash: hash) {
        try sessions.endSessions(ofUser: user.id)
      }
      guard isChanged else { throw PasswordBusy() }
      try sessions.endSessions(ofUser: user.id)
      print("Changed the password of \(user.username) (\(user.id)); all sessions have ended")
      Logger.postern(configuration)
        .record(.passwordChanged, ["user": "\(user.id)"])
    }
  }
}

private struct PasswordBusy: Error, CustomStringConvertible {
  let description = "the password was changed by somebody else at this moment; try again"
}
