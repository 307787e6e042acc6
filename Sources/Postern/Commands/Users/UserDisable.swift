import Accounts
import ArgumentParser
import DocumentStore
import Logging
import SecurityEvents
import Sessions

extension UserCommand {
  struct Disable: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Refuse a user, and end all the user's sessions.",
      discussion: """
        Counts from the next request on, while the service runs: sign-ins get the answer of a wrong \
        password; access tokens, refreshes and links are refused, and applications behind /verify are \
        not reached. Only with sessions.check=writes, requests that read are answered until their \
        access token ends. Nothing is lost: "postern user enable" admits the user again, who has to \
        sign in. Done twice, it ends the sessions again and changes nothing else.

          postern user disable dana
        """)

    @Argument(help: "The name that the user signs in with.")
    var name: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var settings: SettingsOptions

    func run() throws {
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      guard let username = Username(name),
        let (user, isChanged) = try UserDirectory(documents: documents).disable(username)
      else { throw NoSuchUser() }
      // After that: a sign-in that was under way is ended with the others, or comes too late.
      try SessionStore(documents: documents, policy: configuration.sessions)
        .endSessions(ofUser: user.id)
      if isChanged { configuration.record(.userDisabled, of: user) }
      try UserState(user, isChanged: isChanged).print(output)
    }
  }

  struct Enable: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Admit a user again.",
      discussion: """
        Who was disabled, or who is asked for a link since strangers have failed to sign in 100 times \
        in a row (Docs/guessing.md). The password stays what it is, and no session comes back. Done \
        twice, it changes nothing.

          postern user enable dana
        """)

    @Argument(help: "The name that the user signs in with.")
    var name: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var settings: SettingsOptions

    func run() throws {
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      guard let username = Username(name),
        let (user, isChanged) = try UserDirectory(documents: documents).enable(username)
      else { throw NoSuchUser() }
      if isChanged { configuration.record(.userEnabled, of: user) }
      try UserState(user, isChanged: isChanged).print(output)
    }
  }
}

extension PosternConfiguration {
  fileprivate func record(_ event: SecurityEvent, of user: User) {
    Logger.postern(self).record(event, ["user": "\(user.id)"])
  }
}

/// What became of a user.
private struct UserState: Encodable {
  let username: String
  let id: String
  let disabled: Bool
  /// Whether it was otherwise before.
  let changed: Bool

  init(_ user: User, isChanged: Bool) {
    username = user.username
    id = user.id
    disabled = user.isDisabled
    changed = isChanged
  }

  func print(_ output: OutputOptions) throws {
    let state = disabled ? "disabled" : "enabled"
    let line = changed ? "\(username) is \(state)" : "\(username) was \(state) before"
    Swift.print(output.json ? try Output.jsonLine(self) : line)
  }
}
