import ArgumentParser
import PostgreSQLDocumentStore
import SystemCalls

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Make a store ready, and copy one store into another.",
    discussion: """
      Where documents are kept is the setting store: file for the data folder, file:PATH, or servers \
      that any number of hosts share: redis://, redis+unix://, redis+sentinel://, redis+cluster:// and \
      postgresql://. Docs/stores.md says what each of them can lose, and when.

        POSTERN_STORE=postgresql://postern@db/postern postern store init
      """,
    subcommands: [Init.self, Copy.self])

  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "init",
      abstract: "Make what the store needs, and look how its servers are set up.",
      discussion: """
        For PostgreSQL the table, by a user who may create one; workers need no such right. For files \
        the folder; for Redis nothing. What is there already stays. What may be lost with the \
        servers' settings is told on standard error.

          postern store init
        """)

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.keepFilesPrivate()
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .make)
      try (documents as? PostgreSQLDocumentStore)?.makeTable()
      for warning in try checkServers(of: documents) { Output.complain("warning: \(warning)") }
      print("\(configuration.store) is ready")
    }
  }
}
