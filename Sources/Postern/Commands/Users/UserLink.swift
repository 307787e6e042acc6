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

          postern user link dana
        """)

    @Argument(help: "The user's name.")
    var name: String

    @Flag(help: "Print one line of JSON: username, link and its end.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.forbidDumps()
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      guard let username = Username(name) else { throw LinkRefused.noUser }
      let link = try MadeLink(for: username, documents, configuration)
      if json { try Output.printJSON(link) } else { print(link.link) }
    }
  }
}

/// A link that was made for a user.
struct MadeLink: Encodable {
  let username: String
  /// The secret is behind the `#`, which browsers send to no server.
  let link: String
  let linkExpiresAt: Date

  init(
    for name: Username, _ documents: any DocumentStore, _ configuration: PosternConfiguration
  ) throws {
    let time = Date()
    let token = try PasswordLinks(documents: documents).make(for: name, at: time)
    username = name.text
    link = "\(configuration.siteOrigin)/link#\(token)"
    linkExpiresAt = time + PasswordLinks.lifetime
  }
}
