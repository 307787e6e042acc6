import Accounts
import ArgumentParser
import DocumentStore
import FoundationEssentials
import RecordFiles
import Sessions
import SystemCalls

extension UserCommand {
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add users from a file, with the password hashes that they have.",
      discussion: """
        JSON, one object a line, or CSV with the names of the columns in its first row. Columns: \
        \(UserRecord.columns.joined(separator: ", ")). A new user needs username and email.

        Each line that cannot be used is named on standard error, all others are imported, and \
        the exit status is 1. A file can be imported again: users who are there already and do \
        not differ are left alone. Docs/import.md has examples, and the kinds of hashes.

          postern user import users.csv --dry-run
        """)

    @OptionGroup var options: ImportOptions

    @Flag(help: "Change users who are there already and differ, but not their passwords.")
    var update = false

    @Flag(
      help: """
        With --update, also set the passwords, and end the sessions, of users whose stored hash is \
        another. A hash is another as soon as its user has signed in.
        """)
    var updatePasswords = false

    @Flag(help: "Take passwords in plain text, from the column password, and hash them here.")
    var plainPasswords = false

    @Flag(help: "Make the data folder where there is none.")
    var create = false

    func validate() throws {
      if updatePasswords, !update {
        throw ValidationError("--update-passwords goes with --update.")
      }
    }

    func run() throws {
      System.forbidDumps()
      let configuration = try options.settings.load()
      let documents = try openStore(
        configuration, ifMissing: create ? .make : .refuse(hint: " --create makes it."))
      let report = ImportReport()
      let records = try options.records(columns: UserRecord.columns)
      let importer = try UserImporter(
        users: UserDirectory(documents: documents),
        sessions: SessionStore(documents: documents, policy: configuration.sessions),
        scope: update ? updatePasswords ? .passwords : .changes : .newUsers,
        isDryRun: options.dryRun, takesPlainPasswords: plainPasswords, report: report)
      try importer.run(records)
      try report.finish()
    }
  }
}
