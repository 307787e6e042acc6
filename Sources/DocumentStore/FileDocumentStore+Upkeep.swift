import Glibc
import SystemCalls

extension FileDocumentStore {
  /// What one file of a collection turned out to be.
  public enum Finding: Equatable, Sendable {
    case good
    /// What a writer that was killed left behind. Harmless: `removeLeftovers` takes it away.
    case leftover
    /// A document that nobody will be served, and why.
    case bad(fault: String)
  }

  /// Looks at every file of a collection and changes nothing.
  ///
  /// - Parameter body: gets each file's path below the store's folder and what it is.
  /// - Throws: `DocumentStoreError.failed` where a folder cannot be listed.
  public func check<D: Document>(
    _ type: D.Type, _ body: (_ path: String, _ finding: Finding) -> Void
  ) throws {
    for folder in try folders(of: type) {
      for name in try names(in: folder) where name != FileLayout.lockName {
        body("\(folder)/\(name)", finding(type, name, in: folder))
      }
    }
  }

  /// Removes what killed writers of a collection left behind, and returns how much it was. Takes
  /// each folder's lock for it: whoever is writing has it, so nothing in use is ever taken away.
  /// - Throws: `DocumentStoreError`
  public func removeLeftovers<D: Document>(of type: D.Type) throws -> Int {
    var count = 0
    for folder in try folders(of: type) {
      let isLeftover = { (name: String) in name.hasPrefix(FileLayout.temporaryPrefix) }
      guard try names(in: folder).contains(where: isLeftover) else { continue }
      count += try withLock(ofFolder: folder) { descriptor in
        let leftovers = try System.names(inFolderAt: "\(path)/\(folder)").filter(isLeftover)
        for name in leftovers { try System.remove(name, in: descriptor) }
        return leftovers.count
      }
    }
    return count
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
    } catch DocumentStoreError.damaged(_, let reason) {
      return .bad(fault: reason)
    } catch DocumentStoreError.failed(let error, _) {
      return .bad(fault: error.description)
    } catch {
      return .bad(fault: "cannot be read")
    }
  }

  /// The folders of a collection: `tokens/3f`. What else lies there is none of ours.
  func folders<D: Document>(of type: D.Type) throws -> [String] {
    guard try System.status(ofPath: "\(path)/\(type.collection)") != nil else { return [] }
    return try names(in: type.collection).sorted()
      .filter { $0.count == 2 && UInt8($0, radix: 16) != nil }
      .map { "\(type.collection)/\($0)" }
  }

  func names(in folder: String) throws -> [String] {
    do {
      return try System.names(inFolderAt: "\(path)/\(folder)")
    } catch {
      throw DocumentStoreError.failed(error, path: folder)
    }
  }
}
