import Glibc
import SystemCalls

extension FileDocumentStore {
  /// What one file of a collection turned out to be.
  public enum Finding: Equatable, Sendable {
    case good
    /// What a writer that was killed left behind. Harmless: `removeLeftovers` takes it away.
    case leftover
    /// A document that nobody will be served, or a folder of such, and why.
    case bad(fault: String)
  }

  /// Looks at every file of a collection and changes nothing.
  ///
  /// - Parameter body: gets each file's path below the store's folder and what it is, and each
  ///   folder that cannot be listed.
  public func check<D: Document>(
    _ type: D.Type, _ body: (_ path: String, _ finding: Finding) -> Void
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
      for name in list(folder, { try names(in: folder) }) where name != FileLayout.lockName {
        body("\(folder)/\(name)", finding(type, name, in: folder))
      }
    }
  }

  /// Removes what killed writers of a collection left behind, and returns how much it was. A
  /// folder that is busy or cannot be listed is passed over.
  /// - Throws: `DocumentStoreError.failed` where the collection cannot be listed.
  public func removeLeftovers<D: Document>(of type: D.Type) throws -> Int {
    try folders(of: type).reduce(0) { count, folder in
      count + ((try? removeLeftovers(in: folder)) ?? 0)
    }
  }

  /// Takes the folder's lock for it: whoever is writing has it, so nothing in use is taken away.
  private func removeLeftovers(in folder: String) throws -> Int {
    let isLeftover = { (name: String) in name.hasPrefix(FileLayout.temporaryPrefix) }
    guard try names(in: folder).contains(where: isLeftover) else { return 0 }
    return try withLock(ofFolder: folder) { descriptor in
      let leftovers = try System.names(in: descriptor).filter(isLeftover)
      for name in leftovers { try System.remove(name, in: descriptor) }
      return leftovers.count
    }
  }

  private func finding<D: Document>(_ type: D.Type, _ name: String, in folder: String) -> Finding {
    if name.hasPrefix(FileLayout.temporaryPrefix) { return .leftover }
    guard let key = FileLayout.key(ofName: name),
      let layout = try? FileLayout(collection: type.collection, key: key)
    else { return .bad(fault: "not the name of a document") }
    guard layout.folder == folder else { return .bad(fault: "belongs into \(layout.folder)") }
    do {
      _ = try read(type, key)
      return .good
    } catch {
      return .bad(fault: fault(error))
    }
  }

  private func fault(_ error: any Error) -> String {
    switch error {
    case DocumentStoreError.damaged(_, let reason): reason
    case DocumentStoreError.failed(let error, _): error.description
    default: "cannot be read"
    }
  }

  /// The folders of a collection: `tokens/3f`. What else lies there is none of ours.
  /// - Throws: `DocumentStoreError.failed` where the collection cannot be listed.
  func folders<D: Document>(of type: D.Type) throws -> [String] {
    do {
      return try names(in: type.collection).sorted()
        .filter { $0.count == 2 && UInt8($0, radix: 16) != nil }
        .map { "\(type.collection)/\($0)" }
    } catch DocumentStoreError.failed(let error, _) where error.code == ENOENT {
      return []
    }
  }
}
