import ArgumentParser
import Logging
import Tokens

extension KeyCommand {
  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a key that signs in the place of the others, and let those end after it.",
      discussion: """
        The new key is known to all before it signs, two minutes later; the others verify until the \
        last token has ended that they can have signed: by the settings tokens.accessLifetime, \
        and tokens.refreshLifetime with --refresh. So no client notices. Workers drop them by \
        themselves at that time; the next start, reload or key command takes them out of keys.json.

        With another --algorithm, access tokens change to that one.

          postern key rotate --algorithm ES256
        """)

    @OptionGroup var new: NewKeyOptions
    @OptionGroup var options: KeyChangeOptions

    func run() throws {
      let change = try KeyChange(options)
      var added: TokenKey?
      var older: [TokenKey] = []
      let file = try change.change(new.kind) { file in
        let key = try new.key(after: file[new.kind], at: change.now)
        (added, older) = (key, file[new.kind].keys)
        let keys = try file[new.kind].rotating(to: key, lifetime: change.lifetime(of: new.kind))
        return file.with(keys, for: new.kind)
      }
      guard let added else { return }
      change.record(
        .keyRotated, added.id,
        new.metadata(of: added).merging(
          ["retiring": "\(older.map(\.id).joined(separator: ","))"]) { $1 })
      let end = file[new.kind].keys.compactMap(\.verifiesUntil).max() ?? 0
      try change.finish(
        """
        Added \(added.id) (\(added.secret.algorithm.rawValue)), which \(added.beginning).
        Older ones end by \(KeyRow.text(end)): \(older.map(\.id).joined(separator: ", ")).
        """, added: added.id, retired: older.map(\.id))
    }
  }
}

extension NewKeyOptions {
  func metadata(of key: TokenKey) -> Logger.Metadata {
    [
      "kind": "\(kind.rawValue)", "algorithm": "\(key.secret.algorithm.rawValue)",
      "from": "\(KeyRow.text(key.signsFrom ?? 0))",
    ]
  }
}

extension TokenKey {
  var beginning: String {
    let time = KeyRow.text(signsFrom ?? 0)
    return (signsFrom ?? 0) == createdAt ? "signs now" : "signs from \(time) on"
  }
}
