import ArgumentParser
import DocumentStore
import FoundationEssentials
import Glibc
import SystemCalls

extension StoreCommand {
  struct Copy: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy all documents of one store into another, and compare them.",
      discussion: """
        For a move while the service is stopped: it is refused while one runs on this machine, or \
        while a host reports in either store. Then change the setting store, and start again. \
        Signed-in people notice nothing but the pause. keys.json stays where it is.

        What the other store has already is left as it is where it is the same, and is else \
        replaced: a copy that was stopped goes on where it was. At the end all keys are counted and \
        all contents compared. Documents that have expired are left out. The exit status is 1 where \
        anything differs or cannot be read; each such document is named on standard error.

        A store is as the setting has it: file, file:PATH, or a URL. A password does not belong on a \
        command line, which all users of a machine can see: env:NAME is the value of a variable, and \
        @FILE the first line of a file.

          NEW=redis://:secret@db:6379 postern store copy --from file --to env:NEW
        """)

    @Option(
      help: ArgumentHelp("The store to read (default: the setting store).", valueName: "store"))
    var from: String?

    @Option(help: ArgumentHelp("The store to fill.", valueName: "store"))
    var to: String

    @Flag(help: "Remove what only the other store has.")
    var delete = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.keepFilesPrivate()
      System.ignoreWriteSignals()
      let configuration = try settings.load()
      let from =
        try self.from.map { try StoreAddress(argument: $0, of: "--from") } ?? configuration.store
      let to = try StoreAddress(argument: self.to, of: "--to")
      let (source, target) = (
        try openStore(configuration, at: from, ifMissing: .refuse()),
        try openStore(configuration, at: to, ifMissing: .make)
      )
      guard
        configuration.folder(of: from).map({ $0 != configuration.folder(of: to) }) ?? (from != to)
      else { throw ConfigurationError("--from and --to are the same store") }
      let lock = try StoppedService(configuration, [source, target])
      defer { lock.end() }

      let copier = StoreCopier(from: source, to: target, deletes: delete, time: Date())
      let report = try copier.run(
        storedDocuments.filter { type in
          !hostDocuments.contains { $0.collection == type.collection }
        })
      print(output.json ? try Output.jsonLine(report) : report.summary)
      if !report.isComplete { throw ExitCode.failure }
    }
  }
}

extension StoreAddress {
  /// A store as a command line names it.
  /// - Throws: `ConfigurationError`
  init(argument: String, of option: String) throws(ConfigurationError) {
    if argument.hasPrefix("env:") {
      let name = String(argument.dropFirst("env:".count))
      guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else {
        throw ConfigurationError("\(option): there is no variable \(name)")
      }
      try self.init(text, of: option)
    } else if argument.hasPrefix("@") {
      let path = String(argument.dropFirst())
      let bytes = try SettingsFile.contents(ofFile: path, isOptional: false) ?? []
      let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      try self.init(String(decoding: line, as: UTF8.self), of: option)
    } else {
      try self.init(argument, of: option)
      guard !hasPassword else {
        throw ConfigurationError(
          "\(option): all users of this machine can see a password in a command line: give env:NAME "
            + "or @FILE")
      }
    }
  }
}

/// That no service uses the stores, as far as that can be told, and none starts on this machine before
/// the end of this.
private struct StoppedService {
  private let pidFile: PIDFile?

  /// - Throws: `ConfigurationError` where one runs; `DocumentStoreError`
  init(_ configuration: PosternConfiguration, _ stores: [any DocumentStore]) throws {
    if try System.statusOfTarget(ofPath: configuration.run) == nil {
      pidFile = nil
    } else {
      pidFile = try PIDFile.take(in: OwnFolder(configuration.run))
    }
    let now = Date()
    for store in stores where store is any SharedStore {
      let running = try HostReport.all(in: store, at: now).filter { !$0.isSilent(at: now) }
      guard running.isEmpty else {
        pidFile?.remove()
        let names = Set(running.map(\.host)).sorted().joined(separator: ", ")
        throw ConfigurationError("stop the service first: it runs on \(names)")
      }
    }
  }

  func end() { pidFile?.remove() }
}
