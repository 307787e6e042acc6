import ArgumentParser
import SystemCalls
import Tokens

extension KeyCommand {
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a key, which signs in the place of the others after two minutes.",
      discussion: """
        The others go on to verify, without an end: "key retire" gives them one, and "key rotate" \
        does both. Where there is no keys.json yet, --create makes it, with a first key of the \
        algorithm that is asked for.

          postern key add --algorithm ES256
        """)

    @OptionGroup var new: NewKeyOptions

    @Flag(help: "Make the data folder and keys.json where there are none.")
    var create = false

    @OptionGroup var options: KeyChangeOptions

    func run() throws {
      let change = try KeyChange(options)
      try change.refuseEnvironment(new.kind)
      let documents = try openStore(
        change.configuration, ifMissing: create ? .make : .refuse(hint: " --create makes it."))
      defer { withExtendedLifetime(documents) {} }
      if create { try System.makeFolder(change.configuration.data) }
      if create, try KeyFile.load(inFolder: change.configuration.data) == nil {
        let file = try KeyFile.loadOrCreate(
          inFolder: change.configuration.data, algorithm: new.algorithm ?? .hs256)
        try change.join()
        let key = file[new.kind].signing
        change.record(.keyAdded, key.id, ["kind": "\(new.kind.rawValue)"])
        return try change.finish(
          "Made keys.json, with the key \(key.id) of \(key.algorithm.rawValue).", added: key.id)
      }
      var added: TokenKey?
      _ = try change.change(new.kind) { file in
        let key = try new.key(after: file[new.kind], at: change.now)
        added = key
        return file.with(try file[new.kind].adding(key), for: new.kind)
      }
      guard let added else { return }
      change.record(.keyAdded, added.id, new.metadata(of: added))
      try change.finish(
        "Added \(added.id) (\(added.secret.algorithm.rawValue)), which \(added.beginning).",
        added: added.id)
    }
  }
}
