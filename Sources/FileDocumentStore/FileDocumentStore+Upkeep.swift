public import DocumentStore
import Glibc
import SystemCalls

extension FileDocumentStore {
  /// Looks at every file of a collection and changes nothing.
  ///
  /// - Parameter body: gets each file's path below the store's folder and what it is, and each
  ///   folder that cannot be listed.
  public func check<D: Document>(
    _ type: D.Type, _ body: (_ path: String, _ finding: DocumentFinding) -> Void
  ) {
    func list(_ folder: String, _ names: () throws -> [String]) -> [String] {
      do {
        return try names()
      } catch {
        body(folder, .bad(fault: fault(error)))
        return []
      }
    }
    for folder in list(type.collection, { try folders(of: type) }) {
      let all = list(folder) { try names(in: folder) }
      let documents = Set(all)
      for name in all where name != FileLayout.lockName {
        if let own = FileLayout.document(ofSpare: name), documents.contains(own) { continue }
        body("\(folder)/\(name)", finding(type, name, in: folder))
      }
    }
  }

  /// Removes the files that killed writers of a collection left behind, and returns how many these
  /// were. A folder that is busy or cannot be listed is passed over.
  /// - Throws: `DocumentStoreError.unavailable` where the collection cannot be listed.
  public func removeLeftovers<D: Document>(of type: D.Type) throws -> Int {
    try naming(type.collection) {
      try folders(of: type).reduce(0) { count, folder in
        count + ((try? removeLeftovers(in: folder)) ?? 0)
      }
    }
  }

  /// Takes the folder's lock for it: a writer holds it, so nothing in use is taken away.
  private func removeLeftovers(in folder: String) throws -> Int {
    guard try !leftovers(names(in: folder)).isEmpty else { return 0 }
    let descriptor = try open(folder)
    return try withLock(of: folder, descriptor, until: .now + lockTimeout) {
      let leftovers = try leftovers(System.names(in: descriptor))
      for name in leftovers { try System.remove(name, in: descriptor) }
      return leftovers.count
    }
  }

  /// Files that a document was to be written into, and spare files of documents that are gone.
  private func leftovers(_ names: [String]) -> [String] {
    let all = Set(names)
    return names.filter { name in
      if let document = FileLayout.document(ofSpare: name) { return !all.contains(document) }
      return name.hasPrefix(FileLayout.temporaryPrefix)
    }
  }

  private func finding<D: Document>(
    _ type: D.Type, _ name: String, in folder: String
  ) -> DocumentFinding {
    if [FileLayout.temporaryPrefix, FileLayout.sparePrefix].contains(where: name.hasPrefix) {
      return .leftover
    }
    guard let key = FileLayout.key(ofName: name),
      let layout = try? FileLayout(collection: type.collection, key: key)
    else { return .bad(fault: "not the name of a document") }
    guard layout.folder == folder else { return .bad(fault: "belongs into \(layout.folder)") }
    do {
      _ = try readBesideWriters(type, key, layout, anew: true)
      return .good
    } catch {
      return .bad(fault: fault(error))
    }
  }

  private func fault(_ error: any Error) -> String {
    switch error {
    case let damage as Envelope.Damage: damage.reason
    case let error as SystemCallError: error.description
    case let error as DocumentStoreError: error.description
    default: "cannot be read"
    }
  }

  /// The folders of a collection: `tokens/3f`. What else lies there is none of ours.
  func folders<D: Document>(of type: D.Type) throws -> [String] {
    try requirePath()
    return try namesIfAny(in: type.collection).sorted()
      .filter { $0.count == 2 && UInt8($0, radix: 16) != nil }
      .map { "\(type.collection)/\($0)" }
  }

  private func namesIfAny(in folder: String) throws(SystemCallError) -> [String] {
    do {
      return try names(in: folder)
    } catch  where error.code == ENOENT {
      return []
    }
  }

  /// The names in a folder (`tokens` or `tokens/3f`).
  func names(in folder: String) throws(SystemCallError) -> [String] {
    try System.names(in: open(folder))
  }

  private func open(_ folder: String) throws(SystemCallError) -> FileDescriptor {
    try System.open(folder, in: root.descriptor, O_RDONLY | O_DIRECTORY)
  }
}
