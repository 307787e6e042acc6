import Accounts
import ArgumentParser
import DocumentStore
import JobsModule
import RecordFiles

struct JobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs",
    abstract: "Import the jobs of users.",
    discussion: """
      The jobs of GET /job-list, which belong to the users.

        postern jobs import jobs.csv
      """,
    subcommands: [Import.self])

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add jobs of users from a file.",
      discussion: """
        JSON, one object a line, or CSV with the names of the columns in its first row. Columns: \
        \(Job.columns.joined(separator: ", ")). A job needs its id, which is its own among the \
        jobs of a user, and the username or the user_id of a user who is there.

        Each line that cannot be used is named on standard error, all others are imported, and \
        the exit status is 1. A file can be imported again.

          postern jobs import jobs.csv
        """)

    @OptionGroup var options: ImportOptions

    @Flag(help: "Change jobs that are there already and differ.")
    var update = false

    func run() throws {
      let documents = try openStore(options.settings.load(), ifMissing: .refuse())
      let report = ImportReport()
      let records = try options.records(columns: Job.columns)
      let importer = JobsImporter(
        documents: documents, mayUpdate: update, isDryRun: options.dryRun, report: report)
      try importer.run(records)
      try report.finish()
    }
  }
}
