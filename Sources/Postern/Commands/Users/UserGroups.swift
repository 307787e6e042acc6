import Accounts
import ArgumentParser
import DocumentStore

extension UserCommand {
  struct Groups: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a user into groups, or show the user's groups.",
      discussion: """
        The groups that are given take the place of all that the user was in; with none given, the \
        present ones are printed, one a line. A change counts from the user's next request on; for \
        requests that only read, and with sessions.check=writes, from their next refresh on.

          postern user groups dana ops web
        """)

    @Argument(help: "The name that the user signs in with.")
    var name: String

    @Argument(help: "1 to 64 letters, digits, dots, underscores and hyphens each.")
    var groups: [String] = []

    @Flag(help: "Take the user out of all groups.")
    var clear = false

    @Flag(help: "Print one line of JSON: username and groups, as they are now.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func validate() throws {
      if clear, !groups.isEmpty { throw ValidationError("--clear goes without groups.") }
      _ = try checkedGroups()
    }

    func run() throws {
      let documents = try openStore(settings.load(), ifMissing: .refuse())
      let users = UserDirectory(documents: documents)
      guard let username = Username(name) else { throw NoSuchUser() }
      let isChange = clear || !groups.isEmpty
      if isChange {
        guard try users.setGroups(of: username, to: checkedGroups()) else { throw NoSuchUser() }
      }
      guard json || !isChange else { return }
      guard let user = try users.user(named: username) else { throw NoSuchUser() }
      if json {
        try Output.printJSON(UsersGroups(username: user.username, groups: user.groups))
      } else {
        for group in user.groups { print(group) }
      }
    }

    private func checkedGroups() throws -> [GroupName] {
      do {
        return try GroupName.list(groups)
      } catch {
        throw ValidationError("\(error)")
      }
    }
  }
}

private struct UsersGroups: Encodable {
  let username: String
  let groups: [String]
}

/// The name of a command's argument is no user's.
struct NoSuchUser: Error, CustomStringConvertible {
  let description = "there is no user of this name"
}
