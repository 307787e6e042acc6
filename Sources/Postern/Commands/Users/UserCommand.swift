import Accounts
import ArgumentParser
import DocumentStore
import ForeignInput
import FoundationEssentials
import SystemCalls

struct UserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract: "Add, list, change and delete users; import and export them.",
    discussion: """
      All may run beside the service, which goes by them from its next request on.

        postern user add dana --email dana@example.com --link
      """,
    subcommands: [
      Add.self, List.self, Show.self, Disable.self, Enable.self, Delete.self, Password.self,
      Groups.self, Link.self, Import.self, Export.self,
    ])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a user.",
      discussion: """
        Asks for the password twice; where standard input is no terminal, its first line is the \
        password. Without a password, that is with --link, nothing typed, or standard input at its \
        end, prints a link as "postern user link" does, and nobody can sign in before it is used.

          postern user add dana --email dana@example.com
        """)

    @Argument(help: "The name to sign in with.")
    var name: String

    @Option(help: "The user's e-mail address.")
    var email: String
    @Option var firstName = ""
    @Option var lastName = ""
    @Option var gender = ""
    @Option var phone = ""
    @Option var city = ""

    @Flag(help: "Ask for no password, and print a link by which the user chooses one.")
    var link = false

    @Flag(help: "Make the data folder where there is none.")
    var create = false

    @Flag(help: "Print one line of JSON: id, username and, where one was made, link and its end.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.forbidDumps()
      let configuration = try settings.load()
      guard let username = Username(name) else {
        throw ValidationError(
          "A name has 1 to 64 bytes and no spaces, control or invisible characters.")
      }
      guard User.Profile.isEmail(email) else {
        throw ValidationError(
          "An e-mail address has an @, no control characters, and at most 254 bytes.")
      }
      let documents = try openStore(
        configuration, ifMissing: create ? .make : .refuse(hint: " --create makes it."))
      let users = UserDirectory(documents: documents)
      guard try users.user(named: username) == nil else { throw UsernameTaken() }
      let profile = User.Profile(
        email: email, firstName: firstName, lastName: lastName, gender: gender, phone: phone,
        city: city)
      let prompt = "Password (nothing for a link): "
      let text = link ? nil : try PasswordPrompt.newPassword(prompt: prompt)
      let password = try text.map {
        try configuration.passwords.password(ForeignText($0), forUser: username.text, profile)
      }
      let hasher = try PasswordHasher(concurrency: 1)
      let hash = try password.map { try hasher.hash($0) } ?? hasher.hashOfNothing()
      let user = try users.add(username, profile: profile, passwordHash: hash)
      let made = try password == nil ? MadeLink(for: username, documents, configuration) : nil
      if json { return try Output.printJSON(AddedUser(user, made)) }
      print("Added \(user.username) (\(user.id))")
      if let made { print(made.link) }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all users: name, id, e-mail address, groups, and whether disabled.",
      discussion: """
        Users whose documents cannot be read are named on standard error; the exit status is 1 then.

          postern user list --json
        """)

    @Flag(help: "Print one line of JSON for each user.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      let (users, unreadable) = try UserDirectory(documents: documents).all()
      for user in users {
        if json {
          try Output.printJSON(ShownUser(user))
          continue
        }
        let groups = user.groups.joined(separator: ",")
        let columns = [user.username, user.id, user.profile.email, groups]
        print((columns + (user.isDisabled ? ["disabled"] : [])).joined(separator: "\t"))
      }
      for (name, error) in unreadable {
        // The quotes also make control characters of the name visible.
        Output.complain("user \(name.debugDescription) cannot be read: \(error)")
      }
      if !unreadable.isEmpty { throw ExitCode.failure }
    }
  }
}

/// What `user add --json` prints.
private struct AddedUser: Encodable {
  let id: String
  let username: String
  let link: String?
  let linkExpiresAt: Date?

  init(_ user: User, _ link: MadeLink?) {
    id = user.id
    username = user.username
    self.link = link?.link
    linkExpiresAt = link?.linkExpiresAt
  }
}
