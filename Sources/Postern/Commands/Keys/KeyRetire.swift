import ArgumentParser
import DocumentStore
import FoundationEssentials
import Glibc
import Logging
import Sessions
import Tokens

extension KeyCommand {
  struct Retire: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a key end: after the last token that it signed, or at once.",
      discussion: """
        Without --now the key signs no longer, and verifies until the last token has ended that it \
        can have signed. There must be another one to sign: "key rotate" makes it.

        With --now all that it signed is void after the reload: for a key that others may know. \
        Access tokens of it get 401, and their clients refresh. Refresh tokens of it get 403, and \
        their owners have to sign in again; and since what is derived from these keys lies beside \
        them, known browsers are strangers until their next sign-in, and failed sign-ins are \
        counted anew. Where no other key is there to sign, a new one does at once.

          postern key retire KID --now
        """)

    @Argument(help: ArgumentHelp("The key's id, as \"key list\" shows it.", valueName: "kid"))
    var id: String

    @Flag(help: "Make all that it signed void at once.")
    var now = false

    @Flag(help: "Do not ask at a terminal before --now.")
    var yes = false

    @OptionGroup var options: KeyChangeOptions

    func run() throws {
      let change = try KeyChange(options)
      let kind = try kindOfKey(change)
      try change.refuseEnvironment(kind)
      let breaks = now ? try whatBreaks(kind, change) : nil
      if let breaks { try confirm(breaks) }
      var before: Set<String> = []
      let file = try change.change(kind) { file in
        before = Set(file[kind].keys.map(\.id))
        guard before.contains(id) else { throw NoSuchKey() }
        return try now ? removing(from: file, kind, change) : retiring(in: file, kind, change)
      }
      let added = file[kind].keys.first { !before.contains($0.id) }
      if let added {
        change.record(
          .keyAdded, added.id,
          ["kind": "\(kind.rawValue)", "algorithm": "\(added.secret.algorithm.rawValue)"])
      }
      let end = file[kind].keys.first { $0.id == id }?.verifiesUntil.map(KeyRow.text)
      change.record(
        .keyRetired, id, ["kind": "\(kind.rawValue)", "until": "\(end ?? "now")"])
      let successor = added.map { " \($0.id) signs now in its place." } ?? ""
      try change.finish(
        end.map { "\(id) signs no longer, and verifies until \($0)." }
          ?? "Retired \(id).\(successor) \(breaks ?? "")",
        added: added?.id, retired: [id])
    }

    private func retiring(
      in file: KeyFile, _ kind: KeyFile.Kind, _ change: KeyChange
    ) throws -> KeyFile {
      do {
        return file.with(
          try file[kind].retiring(id, at: change.now, lifetime: change.lifetime(of: kind)),
          for: kind)
      } catch .noneSigns {
        throw KeyNeeded(
          "\(id) is the only key that is left to sign \(kind.rawValue) tokens: "
            + "\"postern key rotate\(kind == .refresh ? " --refresh" : "")\" replaces it")
      }
    }

    /// Who knows the key may know what else is in the file.
    private func removing(
      from file: KeyFile, _ kind: KeyFile.Kind, _ change: KeyChange
    ) throws -> KeyFile {
      let keys = try file[kind].removing(id, at: change.now) { try .random($0) }
      return file.with(keys, for: kind, derivation: kind == .refresh ? try .random() : nil)
    }

    private func kindOfKey(_ change: KeyChange) throws -> KeyFile.Kind {
      guard
        let row = try KeyRow.all(change.configuration, at: change.time).first(where: {
          $0.kid == id && $0.state != "retired"
        }), let kind = KeyFile.Kind(rawValue: row.kind)
      else { throw NoSuchKey() }
      return kind
    }

    private func whatBreaks(_ kind: KeyFile.Kind, _ change: KeyChange) throws -> String {
      switch kind {
      case .access:
        let minutes = (change.configuration.accessLifetime + 59) / 60
        return
          "Its access tokens, up to \(minutes) minutes old, are void: their clients get 401 and "
          + "refresh. Sessions stay. Services that have read its public key admit them until they "
          + "read the keys again."
      case .refresh:
        let count = try sessionsOfKey(change)
        return
          "\(count) sessions end: their owners have to sign in again. Their access tokens stay good "
          + "for up to \(change.configuration.accessLifetime) seconds. Known browsers are strangers "
          + "until their next sign-in, and failed sign-ins are counted anew."
      }
    }

    /// How many live sessions have a refresh token that this key signed.
    private func sessionsOfKey(_ change: KeyChange) throws -> Int {
      guard let keys = try change.configuration.keyFile()?.refresh else {
        return 0
      }
      let documents = try openStore(change.configuration, ifMissing: .refuse())
      return try documents.keys(of: UserSessions.self).reduce(0) { count, user in
        // One that is damaged does not keep anybody from retiring a key.
        let sessions = (try? documents.read(UserSessions.self, user))?.live(at: change.time) ?? []
        return count + sessions.count { keys.signer(at: $0.current.issuedAt).id == id }
      }
    }

    private func confirm(_ breaks: String) throws {
      guard !yes, isatty(STDIN_FILENO) == 1 else { return }
      print("\(breaks)\nRetire \(id) now? [y/N] ", terminator: "")
      fflush(nil)
      guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
        Output.complain("Nothing is changed.")
        throw ExitCode.failure
      }
    }
  }
}

struct NoSuchKey: Error, CustomStringConvertible {
  let description = "there is no key of this id in use; \"postern key list\" shows them"
}

/// A key cannot end now.
private struct KeyNeeded: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
