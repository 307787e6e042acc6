import Accounts
import ArgumentParser
import DocumentStore
import ForeignInput
import Glibc
import SystemCalls

struct UserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract: "Add, list, disable and enable users, and put them into groups.",
    subcommands: [Add.self, Link.self, List.self, Groups.self, Disable.self, Enable.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a user.",
      discussion: """
        Asks for the password twice; where standard input is no terminal, its first line is the \
        password. Without a password, that is with --link, nothing typed, or standard input at its \
        end, prints a link as "postern user link" does, and nobody can sign in before it is used.
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

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.forbidDumps()
      let configuration = try settings.load()
      guard let username = Username(name) else {
        throw ValidationError(
          "A name has 1 to 64 bytes and no spaces, control or invisible characters.")
      }
      guard email.contains("@"), email.utf8.count <= 254,
        !email.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      else {
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
      let text = link ? nil : try PasswordPrompt.newPassword()
      let password = try text.map {
        try configuration.passwords.password(ForeignText($0), forUser: username.text, profile)
      }
      let hasher = try PasswordHasher(concurrency: 1)
      let hash = try password.map { try hasher.hash($0) } ?? hasher.hashOfNothing()
      let user = try users.add(username, profile: profile, passwordHash: hash)
      print("Added \(user.username) (\(user.id))")
      if password == nil { try printLink(for: username, documents, configuration) }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all users: name, id, e-mail address, groups, and whether disabled.",
      discussion: """
        Users whose documents cannot be read are named on standard error; the exit status is 1 then.
        """)

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      let (users, unreadable) = try UserDirectory(documents: documents).all()
      for user in users {
        let groups = user.groups.joined(separator: ",")
        let columns = [user.username, user.id, user.profile.email, groups]
        print((columns + (user.isDisabled ? ["disabled"] : [])).joined(separator: "\t"))
      }
      for (name, error) in unreadable {
        // The quotes also make control characters of the name visible.
        let line = "user \(name.debugDescription) cannot be read: \(error)\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
      }
      if !unreadable.isEmpty { throw ExitCode.failure }
    }
  }
}
