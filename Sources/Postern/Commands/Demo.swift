import Accounts
import ArgumentParser
import DocumentStore
import Glibc
import JobsModule
import SystemCalls

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fill an empty data folder with three accounts to try Postern with.",
    discussion: """
      The accounts are alice, bob and carol, password \(password), with some jobs each. A folder \
      that holds anything already is left as it is.

        POSTERN_DATA=/tmp/try postern demo
      """)

  static let password = "postern-demo"

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    System.keepFilesPrivate()
    System.forbidDumps()
    let configuration = try settings.load()
    let documents = try openStore(configuration, ifMissing: .make)
    let folder = try OwnFolder(configuration.data)
    guard try System.names(in: folder.descriptor).isEmpty else { return }

    let passwords = try PasswordHasher(concurrency: 1)
    let users = UserDirectory(documents: documents)
    guard let password = Password(Self.password) else { return }
    for person in DemoPerson.all {
      guard let name = Username(person.username) else { continue }
      let user = try users.add(
        name, profile: person.profile, passwordHash: passwords.hash(password))
      let jobs = person.jobs(ofUser: user.id)
      try documents.update(JobList.self, user.id) { $0 = JobList(jobs: jobs) }
    }
    print("Made the accounts alice, bob and carol, password \(Self.password)")
  }
}
