import DocumentStore
import FileDocumentStore
import Foundation
import Sessions

@testable import Accounts

/// What becomes of the documents in all states after a power cut.
///
/// Each document must be, to the byte, one that it was at some time and no older than what was
/// answered; and the store must take it for whole. A hundred violations end the search.
struct PowerCutVerdict {
  /// How many different states were looked at.
  let states: Int
  let violations: [String]

  /// - Parameter folder: where the states are shown to the store.
  init(on cut: PowerCut, in folder: String) throws {
    let enough = 100
    var tried: Set<PowerCut.State> = []
    var violations: [String] = []
    // The last cut first: it allows the least.
    cuts: for count in (0...cut.calls.count).reversed() {
      let allowed = Self.versions(cut, after: count)
      for state in cut.states(after: count) {
        tried.insert(state)
        for (path, versions) in allowed {
          let seen = state[path] ?? nil
          if !versions.contains(seen) {
            violations.append("cut after call \(count): \(path) is \(seen?.count ?? -1) bytes")
          }
        }
        if violations.count >= enough { break cuts }
      }
    }
    let data = "\(folder)/cut-\(UUID().uuidString.prefix(8))"
    var shown: PowerCut.State = [:]
    var refused: [String] = []
    for state in tried where refused.count < enough {
      try Self.show(state, insteadOf: shown, in: data)
      shown = state
      refused += try Self.faults(in: data)
    }
    states = tried.count
    self.violations = violations + refused
  }

  /// The contents that each document may have after so many calls; `nil` is no document.
  private static func versions(_ cut: PowerCut, after count: Int) -> [String: Set<[UInt8]?>] {
    var files: [Int: [UInt8]] = [:]
    var names: [String: Int] = [:]
    var versions: [String: [[UInt8]?]] = [:]
    for (path, bytes) in cut.start where isDocument(path) { versions[path] = [bytes] }
    let answered = cut.calls.firstIndex(of: .answer).map { $0 < count } ?? false
    for (index, call) in cut.calls.enumerated() {
      var changed: (path: String, bytes: [UInt8]?)?
      switch call {
      case .createFile(let file, let name, let folder):
        names[joined(folder, name)] = file
        if isDocument(name) { changed = (joined(folder, name), nil) }
      case .write(let file, let bytes): files[file, default: []] += bytes
      case .rename(let from, let to, let folder):
        changed = (joined(folder, to), names[joined(folder, from)].flatMap { files[$0] })
      case .exchange(let one, let other, let folder):
        // A spare file becomes the document.
        let (spare, document) = (joined(folder, one), joined(folder, other))
        changed = (document, names[spare].flatMap { files[$0] })
        (names[spare], names[document]) = (names[document], names[spare])
      case .remove(let name, let folder) where isDocument(name):
        changed = (joined(folder, name), nil)
      default: break
      }
      guard let changed else { continue }
      if index < count { versions[changed.path, default: [nil]].append(changed.bytes) }
    }
    return versions.mapValues { answered ? [$0.last ?? nil] : Set($0) }
  }

  /// Makes the files those of `state`; untouched are those that it shares with the one before.
  private static func show(
    _ state: PowerCut.State, insteadOf last: PowerCut.State, in data: String
  ) throws {
    let files = FileManager.default
    try files.createDirectory(
      atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    for path in last.keys.sorted(by: >) where state[path] == nil {
      try files.removeItem(atPath: "\(data)/\(path)")
    }
    for path in state.keys.sorted() where last[path] != state[path] {
      if let bytes = state[path] ?? nil {
        _ = files.createFile(atPath: "\(data)/\(path)", contents: Data(bytes))
      } else {
        try files.createDirectory(atPath: "\(data)/\(path)", withIntermediateDirectories: true)
      }
    }
  }

  /// What the real store says of the files.
  private static func faults(in data: String) throws -> [String] {
    let store = try FileDocumentStore(path: data)
    func faults<D: Document>(_ type: D.Type) -> [String] {
      do {
        for key in try store.keys(of: type) { _ = try store.read(type, key) }
        return []
      } catch {
        return ["the store finds \(error)"]
      }
    }
    return faults(UserSessions.self) + faults(User.self) + faults(StrangersFailures.self)
      + faults(KnownFailures.self) + faults(Decoy.self)
  }
}
