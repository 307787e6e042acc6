import Accounts
import ArgumentParser
import DocumentStore
import FoundationEssentials
import Glibc
import Sessions
import SystemCalls

struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Drop what is no longer of use from the store.",
    discussion: """
      Expired sessions, documents without any, expired links, attempts to sign in that are long \
      ago, and what killed writers left behind. May run beside a running service, which runs it by itself \
      (setting sweep.interval). Damaged documents are left as they are.

        postern sweep
        postern sweep --json | jq .sessions

      With --json, one object of counts: sessions (users who had expired ones), failures (tables of \
      failed sign-ins), links, leftovers.
      """)

  @Flag(help: "Sleep a little after each document.")
  var gently = false

  @Flag(help: ArgumentHelp("Take the settings of the supervisor.", visibility: .hidden))
  var supervised = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var settings: SettingsOptions

  func run() throws {
    System.keepFilesPrivate()
    if supervised { WorkerPlan.closeProgram() }
    let configuration =
      try supervised ? PosternConfiguration(Inheritance.read().settings) : settings.load()
    let documents = try openStore(configuration, ifMissing: .refuse())
    let pause: () -> Void = gently ? { usleep(Self.gentlePause) } : {}
    let now = Date()
    let report = SweepReport(
      sessions: try SessionStore(documents: documents, policy: configuration.sessions)
        .sweep(at: now, pause: pause),
      failures: try Throttle.sweep(documents, at: now, pause: pause),
      links: try PasswordLinks.sweep(documents, at: now, pause: pause),
      leftovers: try storedDocuments.reduce(0) { try $0 + documents.removeLeftovers(of: $1) })
    try HostReport.sweep(documents, at: now, pause: pause)
    if output.json {
      try Output.printJSON(report)
    } else if !gently || report.hasAny {
      print(report.line)
    }
  }

  /// In microseconds: a hundred thousand users take under two minutes then.
  private static let gentlePause: UInt32 = 1_000
}

/// Counts what a sweep drops.
private struct SweepReport: Encodable {
  let sessions, failures, links, leftovers: Int

  var hasAny: Bool { sessions + failures + links + leftovers > 0 }

  var line: String {
    "swept \(sessions) users' sessions, \(failures) tables of failed sign-ins, "
      + "\(links) links, \(leftovers) left-over files"
  }
}
