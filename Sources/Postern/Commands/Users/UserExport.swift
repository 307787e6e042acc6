import Accounts
import ArgumentParser
import DocumentStore
import Glibc
import RecordFiles
import SystemCalls

extension UserCommand {
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write all users as \"postern user import\" reads them.",
      discussion: """
        By name, with groups and password hashes: keep it as safe as the data folder. Users whose \
        documents cannot be read are named on standard error; the exit status is 1 then.

          postern user export -o users.jsonl
        """)

    @Option(
      name: .shortAndLong,
      help: ArgumentHelp(
        "A file that is not there yet, for its owner alone. Otherwise standard output.",
        valueName: "file"), completion: .file())
    var output: String?

    @Option(help: "csv or json (one object a line); otherwise by the name of the file, or json.")
    var format: RecordFormat?

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.keepFilesPrivate()
      System.forbidDumps()
      let documents = try openStore(settings.load(), ifMissing: .refuse())
      let format = format ?? output.flatMap(RecordFormat.init(path:)) ?? .json
      let file = try output.map(newFile) ?? FileDescriptor(dup(STDOUT_FILENO))
      var isWritten = false
      defer { if !isWritten, let output { try? System.remove(output) } }
      let isComplete = try write(documents, format, to: file)
      if output != nil { try System.sync(file) }
      isWritten = true
      if !isComplete { throw ExitCode.failure }
    }

    private func newFile(_ path: String) throws -> FileDescriptor {
      guard try System.status(ofPath: path) == nil else {
        throw ConfigurationError("\(path) is there already, and is not overwritten")
      }
      return try System.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    }

    /// Returns whether all users could be read.
    private func write(
      _ documents: any DocumentStore, _ format: RecordFormat, to file: FileDescriptor
    ) throws -> Bool {
      let columns = UserRecord.exportedColumns
      var bytes = format.head(columns)
      var isComplete = true
      for name in try documents.keys(of: User.self).sorted() {
        do {
          guard let user = try documents.read(User.self, name) else { continue }
          bytes += try format.line(Record(user), columns: columns)
        } catch {
          isComplete = false
          // The quotes also make control characters of the name visible.
          Output.complain("user \(name.debugDescription) cannot be read: \(error)")
        }
        if bytes.count > Self.portion {
          try System.write(bytes, to: file)
          bytes = []
        }
      }
      try System.write(bytes, to: file)
      return isComplete
    }

    /// Bytes that are written at a time.
    private static let portion = 1 << 16
  }
}

extension RecordFormat: ExpressibleByArgument {}
