import ArgumentParser

/// Runs the command line with `modules`, and exits.
///
/// A program with modules of its own is this one line:
/// ```swift
/// Postern.run(modules: Postern.standardModules + [HelloModule.self])
/// ```
public func run(modules: [any ServiceModule.Type]) {
  ModuleList.$current.withValue(ModuleList(modules)) { PosternTool.main() }
}

struct PosternTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postern",
    abstract: "A sign-in service behind nginx: JSON Web Tokens, no database.",
    version: version,
    subcommands: [
      Serve.self, Reload.self, WorkerCommand.self, Prepare.self, UserCommand.self, Check.self,
      Sweep.self, Demo.self,
    ])
}

/// Where the settings come from, for every command.
struct SettingsOptions: ParsableArguments {
  @Option(
    name: .customLong("config"),
    help: ArgumentHelp("A JSON file of settings.", valueName: "file"))
  var file: String?

  func load() throws(ConfigurationError) -> PosternConfiguration {
    try .load(file: file, modules: ModuleList.current.modules)
  }
}
