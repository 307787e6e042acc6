import Accounts
import ArgumentParser
import DocumentStore
import FoundationEssentials
import Logging
import SecurityEvents
import Sessions

struct SessionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session",
    abstract: "List the sessions of users, and end them.",
    discussion: """
      A session is one sign-in on one device. Both commands may run beside a running service, which \
      goes by their outcome from the next request on.

        postern session list alice
        postern session end --all alice
      """,
    subcommands: [List.self, End.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List live sessions, of one user or of all.",
      discussion: """
        One line each: the user's name, the session's id, when it began, when its refresh token was \
        last exchanged, when it ends if it is not used again, the address and the browser of the \
        sign-in, with tabs between. What cannot be read is named on standard error; the exit \
        status is 1 then.

          postern session list alice
          postern session list --json | jq -r 'select(.address == "192.0.2.7").id'

        With --json, each line is an object: user, userID, id, createdAt, lastUsedAt, expiresAt, \
        address, userAgent.
        """)

    @Argument(help: "The name that the user signs in with; without it, all users.")
    var user: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var settings: SettingsOptions

    func run() throws {
      let documents = try openStore(settings.load(), ifMissing: .refuse())
      var finder = SessionFinder(documents: documents, time: Date())
      let ids = try user.map { [try finder.user(named: $0).id] } ?? finder.userIDs()
      for id in ids {
        for session in finder.sessions(ofUser: id) {
          print(output.json ? try Output.jsonLine(session) : session.line)
        }
      }
      if finder.hasUnreadable { throw ExitCode.failure }
    }
  }

  struct End: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a session, or all sessions of a user.",
      discussion: """
        Its access token and its refresh token are refused from the next request on. With --all, \
        all browsers of the user are strangers again, too. Finding one session by its id reads \
        those of all users; the exit status is 1 where there is none. Each session that ends is \
        an event session.ended on standard error.

          postern session end 6f1d2c4e-8f0a-4a59-9c63-0d4b7e2a9b15
          postern session end --all alice
        """)

    @Argument(help: "The session's id, as postern session list prints it.")
    var id: String?

    @Option(help: ArgumentHelp("End all sessions of this user.", valueName: "user"))
    var all: String?

    @OptionGroup var settings: SettingsOptions

    func validate() throws {
      if (id == nil) == (all == nil) {
        throw ValidationError("Give the id of one session, or --all and the name of a user.")
      }
    }

    func run() throws {
      let configuration = try settings.load()
      let documents = try openStore(configuration, ifMissing: .refuse())
      let ender = SessionEnder(
        sessions: SessionStore(documents: documents, policy: configuration.sessions),
        finder: SessionFinder(documents: documents, time: Date()),
        logger: .postern(configuration))
      if let id { try ender.end(id) }
      if let all { try ender.endAll(ofUserNamed: all) }
    }
  }
}

/// Ends sessions for an operator, and records it.
private struct SessionEnder {
  let sessions: SessionStore
  var finder: SessionFinder
  let logger: Logger

  func end(_ id: String) throws {
    var finder = finder
    let owner = try finder.userIDs().first { user in
      finder.sessions(ofUser: user).contains { $0.id == id }
    }
    guard let owner, try sessions.endSession(id, ofUser: owner, at: finder.time) else {
      throw NoSuchSession()
    }
    record(id, ofUser: owner)
    print("Ended the session")
  }

  /// As `DELETE /sessions` does for the person: the browsers are forgotten last.
  func endAll(ofUserNamed name: String) throws {
    let user = try finder.user(named: name)
    let ended = try sessions.endSessions(ofUser: user.id, at: finder.time)
    try finder.users.forgetBrowsers(of: user)
    for session in ended { record(session.id, ofUser: user.id) }
    print("Ended \(ended.count) sessions of \(user.username)")
  }

  private func record(_ session: String, ofUser user: String) {
    logger.record(.sessionEnded, ["user": "\(user)", "session": "\(session)", "by": "operator"])
  }
}

private struct NoSuchSession: Error, CustomStringConvertible {
  let description = "there is no live session of this id"
}
