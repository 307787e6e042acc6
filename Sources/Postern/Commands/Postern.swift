import ArgumentParser
import FastCGI
import SystemCalls

/// Runs the command line with `modules`, and exits. Where a web server has started this process by CGI,
/// that one request is answered instead.
///
/// A program with modules of its own is this one line:
/// ```swift
/// Postern.run(modules: Postern.standardModules + [HelloModule.self])
/// ```
public func run(modules: [any ServiceModule.Type]) {
  ModuleList.$current.withValue(ModuleList(modules)) {
    if CGIExchange.isRequested { CGIService.runToExit() } else { PosternTool.runToExit() }
  }
}

struct PosternTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postern",
    abstract: "A sign-in service behind nginx: JSON Web Tokens, no database.",
    discussion: """
      "postern serve" is the service; all other commands may run beside it. Each says more of itself:

        postern help session end

      Exit status, as sysexits.h has it:

      \(ExitStatus.table)
      """,
    version: version,
    subcommands: [
      Serve.self, Reload.self, WorkerCommand.self, Prepare.self, UserCommand.self, Check.self,
      Sweep.self, Demo.self, Status.self, KeyCommand.self, JobsCommand.self, SessionCommand.self,
      ConfigCommand.self, CGICommand.self, StoreCommand.self,
    ])
}

/// Where the settings come from, for every command.
struct SettingsOptions: ParsableArguments {
  @Option(
    name: .customLong("config"),
    help: ArgumentHelp(
      "A JSON file of settings. (default: postern.json, else /etc/postern/postern.json)",
      valueName: "file"))
  var file: String?

  /// Of the file that is read.
  var path: String {
    let standard = SettingsFile.standardPaths
    return file ?? standard.first { (try? System.status(ofPath: $0)) != nil } ?? standard[0]
  }

  func load() throws(ConfigurationError) -> PosternConfiguration {
    try .load(file: file, modules: ModuleList.current.modules)
  }
}
