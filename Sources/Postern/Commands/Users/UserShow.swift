import Accounts
import ArgumentParser
import FoundationEssentials

extension UserCommand {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show all that is kept of a user.",
      discussion: """
        Profile, groups, how the password is hashed (never the hash), how many sessions there are, \
        whether a one-time link is good, and whether strangers who try passwords have to wait.

          postern user show dana --json
        """)

    @Argument(help: "The name that the user signs in with.")
    var name: String

    @Flag(help: "Print one line of JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      let users = UserDirectory(documents: documents)
      guard let user = try Username(name).flatMap({ try users.user(named: $0) }) else {
        throw NoSuchUser()
      }
      let shown = try ShownUser(user, in: documents, configuration, at: Date())
      if json { return try Output.printJSON(shown) }
      for (name, value) in shown.lines {
        let column = name + String(repeating: " ", count: max(0, 12 - name.count))
        print(column + Output.visible(value))
      }
    }
  }
}
