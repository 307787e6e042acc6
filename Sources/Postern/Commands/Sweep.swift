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
      """)

  @Flag(help: "Sleep a little after each document.")
  var gently = false

  @Flag(help: ArgumentHelp("Take the settings of the supervisor.", visibility: .hidden))
  var supervised = false

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    System.keepFilesPrivate()
    if supervised { WorkerPlan.closeProgram() }
    let configuration =
      try supervised ? PosternConfiguration(Inheritance.read().settings) : settings.load()
    let documents = try openStore(configuration, ifMissing: .refuse())
    let pause: () -> Void = gently ? { usleep(Self.gentlePause) } : {}
    let now = Date()
    let sessions = try SessionStore(documents: documents, policy: configuration.sessions)
      .sweep(at: now, pause: pause)
    let attempts = try Throttle.sweep(documents, at: now, pause: pause)
    let links = try PasswordLinks.sweep(documents, at: now, pause: pause)
    let leftovers = try storedDocuments.reduce(0) { try $0 + documents.removeLeftovers(of: $1) }
    if !gently || sessions + attempts + links + leftovers > 0 {
      print(
        "swept \(sessions) users' sessions, \(attempts) tables of failed sign-ins, "
          + "\(links) links, \(leftovers) left-over files")
    }
  }

  /// In microseconds: a hundred thousand users take under two minutes then.
  private static let gentlePause: UInt32 = 1_000
}
