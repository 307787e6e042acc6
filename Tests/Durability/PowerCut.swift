/// The files that a file system may show after the power failed.
///
/// What POSIX promises and no more: bytes are there for sure once their file was synced, names
/// once their folder was. Until then each change of a name may be there or not, in any order;
/// bytes may be missing, torn off anywhere, or zeros.
struct PowerCut {
  /// Path and content of each file, relative to the data folder, and each folder, without content.
  typealias State = [String: [UInt8]?]

  /// The files before the calls. They are durable.
  let start: State
  let calls: [RecordedCall]

  /// All states after a cut behind the first `count` calls, some more than once, made as they are
  /// asked for: without syncs there are more than anybody could wait for.
  func states(after count: Int) -> some Sequence<State> {
    let done = Array(calls.prefix(count))
    let contents = contents(done)
    let changes = changes(done)
    let open = changes.indices.filter { !changes[$0].isDurable }
    return (0..<(1 << open.count)).lazy.flatMap { choice in
      let left = Set(open.enumerated().filter { choice & 1 << $0.offset == 0 }.map(\.element))
      let applied = changes.indices.filter { !left.contains($0) }.map { changes[$0] }
      let names = entries(applied)
      // Every file that is to be seen, with each content that it may have.
      let seen = names.filter { isReachable($0.key, names) }.map { path, node in
        switch node {
        case .folder: (path: path, contents: [[UInt8]?.none])
        case .old(let bytes): (path: path, contents: [bytes])
        case .new(let file): (path: path, contents: contents[file, default: [[]]].map { $0 })
        }
      }
      let combinations = seen.reduce(1) { $0 * $1.contents.count }
      return (0..<combinations).lazy.map { combination in
        var state = start.filter { names[$0.key] == nil && $0.value == nil }
        var rest = combination
        for (path, contents) in seen {
          state[path] = .some(contents[rest % contents.count])
          rest /= contents.count
        }
        return state
      }
    }
  }

  private enum Node: Hashable {
    case folder
    case old([UInt8])
    case new(Int)
  }

  /// One change of one name.
  private struct Change {
    let path: String
    let node: Node?
    var isDurable = false
  }

  private func entries(_ changes: [Change]) -> [String: Node] {
    var names = start.mapValues { bytes in bytes.map { Node.old($0) } ?? .folder }
    for change in changes { names[change.path] = change.node }
    return names
  }

  private func isReachable(_ path: String, _ names: [String: Node]) -> Bool {
    let parent = split(path).folder
    return parent.isEmpty || names[parent] == .folder && isReachable(parent, names)
  }

  private func changes(_ done: [RecordedCall]) -> [Change] {
    var changes: [Change] = []
    var names = start.mapValues { bytes in bytes.map { Node.old($0) } ?? .folder }
    func change(_ path: String, _ node: Node?) {
      changes.append(Change(path: path, node: node))
      names[path] = node
    }
    for call in done {
      switch call {
      case .createFile(let file, let name, let folder):
        let path = joined(folder, name)
        if names[path] == nil {
          change(path, .new(file))
        } else {
          // Opened to be written in place: its name is there already, what it holds may change.
          changes.append(Change(path: path, node: .new(file), isDurable: true))
        }
      case .makeFolder(let path):
        if names[path] == nil { change(path, .folder) }
      case .rename(let from, let to, let folder):
        change(joined(folder, to), names[joined(folder, from)])
        change(joined(folder, from), nil)
      case .remove(let name, let folder):
        change(joined(folder, name), nil)
      case .syncFolder(let folder):
        for index in changes.indices where split(changes[index].path).folder == folder {
          changes[index].isDurable = true
        }
      case .truncate, .write, .syncFile, .answer: break
      }
    }
    return changes
  }

  /// What each file that was opened for writing may hold.
  private func contents(_ done: [RecordedCall]) -> [Int: [[UInt8]]] {
    var durable: [Int: [UInt8]] = [:]
    var pending: [Int: [[UInt8]]] = [:]
    var whole: [Int: [UInt8]] = [:]
    for call in done {
      switch call {
      case .createFile(let file, let name, let folder):
        durable[file] = (start[joined(folder, name)] ?? nil) ?? []
        (whole[file], pending[file]) = ([], [[]])
      case .truncate(let file):
        whole[file] = []
        pending[file, default: []].append([])
      case .write(let file, let bytes):
        let before = whole[file] ?? []
        pending[file, default: []] += torn(before, bytes)
        whole[file] = before + bytes
      case .syncFile(let file):
        durable[file] = whole[file]
        pending[file] = []
      default: break
      }
    }
    return durable.keys.reduce(into: [:]) { contents, file in
      contents[file] = [durable[file] ?? []] + (pending[file] ?? [])
    }
  }

  /// `bytes` behind `before`, whole, torn off at several places, and with zeros instead.
  private func torn(_ before: [UInt8], _ bytes: [UInt8]) -> [[UInt8]] {
    let cuts = Array(stride(from: 0, to: bytes.count, by: 64)) + [1, bytes.count - 1]
    let short = cuts.map { before + bytes.prefix($0) }
    let zeros = cuts.map { cut in
      before + bytes.prefix(cut) + [UInt8](repeating: 0, count: bytes.count - cut)
    }
    return [before + bytes] + short + zeros
  }
}
