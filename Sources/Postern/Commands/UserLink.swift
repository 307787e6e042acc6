import Accounts
import ArgumentParser
import DocumentStore
import FoundationEssentials
import SystemCalls

extension UserCommand {
  struct Link: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a link by which a user chooses a password.",
      discussion: """
        The link is good once, for 24 hours, and until the password is changed or another link is \
        made. When it is used, all sessions of the user end; until then, nothing changes. Who has \
        it can sign in as the user: give it to nobody else. It leads to the site of the setting \
        site.origin.
        """)

    @Argument(help: "The user's name.")
    var name: String

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.forbidDumps()
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      guard let username = Username(name) else { throw LinkRefused.noUser }
      try printLink(for: username, documents, configuration)
    }
  }
}

/// The secret is behind the `#`, which browsers send to no server.
func printLink(
  for name: Username, _ documents: any DocumentStore, _ configuration: PosternConfiguration
) throws {
  let token = try PasswordLinks(documents: documents).make(for: name, at: Date())
  print("\(configuration.siteOrigin)/link#\(token)")
}
