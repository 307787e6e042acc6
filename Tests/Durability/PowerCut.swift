/// The files that a file system may show after the power failed.
///
/// What POSIX promises and no more: bytes are there for sure once their file was synced, names
/// once their folder was. Until then each change of a name may be there or not, in any order;
/// bytes may be missing, torn off anywhere, or zeros. What overwrites a file may be there up to
/// anywhere, or from anywhere on, and the file may have its old length or its new one.
struct PowerCut {
  /// Path and content of each file, relative to the data folder, and each folder, without content.
  typealias State = [String: [UInt8]?]

  /// The files before the calls. They are durable.
  let start: State
  let calls: [RecordedCall]

  /// All states after a cut behind the first `count` calls, some more than once, made as they are
  /// asked for: without syncs there are more than anybody could wait for.
  func states(after count: Int) -> some Sequence<State> {
    let done = Replay(of: calls.prefix(count), on: start)
    let changes = done.changes
    let open = changes.indices.filter { !changes[$0].isDurable }
    return (0..<(1 << open.count)).lazy.flatMap { choice in
      let left = Set(open.enumerated().filter { choice & 1 << $0.offset == 0 }.map(\.element))
      let applied = changes.indices.filter { !left.contains($0) }.map { changes[$0] }
      var names = done.start
      for change in applied { names[change.path] = change.node }
      // Every file that is to be seen, with each content that it may have.
      let seen: [(path: String, contents: [[UInt8]?])] = names.filter {
        isReachable($0.key, names)
      }.map { path, node in
        switch node {
        case .folder: (path: path, contents: [nil])
        case .file(let file): (path: path, contents: done.contents(of: file).map(\.self))
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

  private func isReachable(_ path: String, _ names: [String: Replay.Node]) -> Bool {
    let parent = split(path).folder
    return parent.isEmpty || names[parent] == .folder && isReachable(parent, names)
  }
}

/// What calls did to files: each keeps its number (its inode) whatever its name becomes, so what is
/// written into it is written into whatever the disk has under any of its names.
private struct Replay {
  enum Node: Hashable {
    case folder
    case file(Int)
  }

  /// One change of one name.
  struct Change {
    let path: String
    let node: Node?
    var isDurable = false
  }

  private(set) var start: [String: Node] = [:]
  private(set) var changes: [Change] = []
  private var names: [String: Node] = [:]
  /// Of each opening: the file, and how far it was written.
  private var openings: [Int: (file: Int, offset: Int)] = [:]
  /// Of each file: the bytes on the disk, those that the program sees, and others that the disk may
  /// have by now.
  private var durable: [[UInt8]] = []
  private var whole: [[UInt8]] = []
  private var pending: [[[UInt8]]] = []

  init(of calls: some Sequence<RecordedCall>, on state: PowerCut.State) {
    for (path, bytes) in state {
      start[path] = bytes == nil ? .folder : .file(durable.count)
      if let bytes { addFile(bytes) }
    }
    names = start
    for call in calls { note(call) }
  }

  func contents(of file: Int) -> [[UInt8]] { [durable[file]] + pending[file] }

  private mutating func addFile(_ bytes: [UInt8], pending: [[UInt8]] = []) {
    durable.append(bytes)
    whole.append(bytes)
    self.pending.append(pending)
  }

  private mutating func change(_ path: String, _ node: Node?) {
    changes.append(Change(path: path, node: node))
    names[path] = node
  }

  private mutating func note(_ call: RecordedCall) {
    switch call {
    case .createFile(let opening, let name, let folder):
      let path = joined(folder, name)
      if case .file(let file) = names[path] {
        openings[opening] = (file, 0)
      } else {
        openings[opening] = (durable.count, 0)
        change(path, .file(durable.count))
        addFile([])
      }
    case .makeFolder(let path):
      if names[path] == nil { change(path, .folder) }
    case .rename(let from, let to, let folder):
      change(joined(folder, to), names[joined(folder, from)])
      change(joined(folder, from), nil)
    case .exchange(let one, let other, let folder):
      let node = names[joined(folder, one)]
      change(joined(folder, one), names[joined(folder, other)])
      change(joined(folder, other), node)
    case .remove(let name, let folder):
      change(joined(folder, name), nil)
    case .syncFolder(let folder):
      for index in changes.indices where split(changes[index].path).folder == folder {
        changes[index].isDurable = true
      }
    case .write(let opening, let bytes): write(bytes, opening)
    case .truncate(let opening, let size):
      guard let file = openings[opening]?.file else { return }
      whole[file] = Array(whole[file].prefix(size))
      // The new length, with any bytes that may be there.
      pending[file] += contents(of: file).map { Array($0.prefix(size)) }
    case .syncFile(let opening):
      guard let file = openings[opening]?.file else { return }
      durable[file] = whole[file]
      pending[file] = []
    case .answer: break
    }
  }

  private mutating func write(_ bytes: [UInt8], _ opening: Int) {
    guard let (file, offset) = openings[opening] else { return }
    let old = whole[file]
    let before = Array(old.prefix(offset))
    let replaced = Array(old.dropFirst(offset).prefix(bytes.count))
    let behind = Array(old.dropFirst(offset + bytes.count))
    func add(_ bytes: [UInt8]) { pending[file].append(before + bytes + behind) }
    add(bytes)
    for cut in Array(stride(from: 0, to: bytes.count, by: 64)) + [1, bytes.count - 1] {
      let zeros = [UInt8](repeating: 0, count: bytes.count)
      add(Array(bytes.prefix(cut) + replaced.dropFirst(cut)))
      add(Array(bytes.prefix(cut) + zeros.dropFirst(cut)))
      if !replaced.isEmpty {
        let first = (replaced + zeros.dropFirst(replaced.count)).prefix(cut)
        add(Array(first + bytes.dropFirst(cut)))
      }
    }
    whole[file] = before + bytes + behind
    openings[opening]?.offset += bytes.count
  }
}
