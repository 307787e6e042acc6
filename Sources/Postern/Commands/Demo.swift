import Accounts
import ArgumentParser
import DocumentStore
import Glibc
import JobsModule
import Logging
import SystemCalls

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fill an empty store with three accounts to try Postern with.",
    discussion: """
      The accounts are alice, bob and carol, password \(password), with some jobs each. That password \
      is good on this machine alone: sign-ins with it from other addresses are refused. A folder that \
      holds anything already, and servers that have users, are left as they are.

        POSTERN_DATA=/tmp/try postern demo
      """)

  static let password = Password.ofDemo

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    System.keepFilesPrivate()
    System.forbidDumps()
    let configuration = try settings.load()
    let documents = try openStore(configuration, ifMissing: .make)
    if let path = configuration.documentFolder {
      guard try System.names(in: OwnFolder(path).descriptor).isEmpty else { return }
    } else {
      guard try documents.keys(of: User.self).isEmpty else { return }
    }

    let passwords = try PasswordHasher(concurrency: 1)
    let users = UserDirectory(documents: documents)
    guard let password = Password(Self.password) else { return }
    for person in DemoPerson.all {
      guard let name = Username(person.username) else { continue }
      let user = try users.add(
        name, profile: person.profile, passwordHash: passwords.hash(password))
      try documents.update(User.self, name.text) { $0?.hasDemoPassword = true }
      let jobs = person.jobs(ofUser: user.id)
      try documents.update(JobList.self, user.id) { $0 = JobList(jobs: jobs) }
    }
    print("Made the accounts alice, bob and carol, password \(Self.password)")
  }
}

/// Tells of demo accounts that still have their password. Behind a proxy on this machine, everybody
/// comes from here.
func warnOfDemo(_ documents: any DocumentStore, _ logger: Logger) {
  let users = UserDirectory(documents: documents)
  let names = DemoPerson.all.map(\.username).filter { name in
    guard let user = Username(name).flatMap({ try? users.user(named: $0) }) else { return false }
    return user.hasDemoPassword && !user.isDisabled
  }
  guard !names.isEmpty else { return }
  logger.warning(
    """
    demo accounts have the password that everybody knows, which is good from this machine and \
    through proxies on it; before others get here: postern user link, or disable
    """,
    metadata: ["accounts": "\(names.joined(separator: ","))"])
}
