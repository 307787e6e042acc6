public import DocumentStore
import Execution
import Glibc
import SystemCalls

/// Documents as files below one folder, `<collection>/<2 hex digits>/<key>.json`, under file locks.
///
/// A change is written aside, made durable, and given the document's name, so a reader sees the old
/// document or the new one, whole, whatever dies in between. `Docs/files.md` has the reasons.
/// Any number of processes on one machine may share the folder; a network file system will not do.
public struct FileDocumentStore: DocumentStore {
  /// The store's folder, held open, so that nothing is ever written elsewhere, whatever its path
  /// becomes.
  let root: OwnFolder
  let lockTimeout: Duration
  /// Shared by all copies of this store.
  let cache = DocumentCache()
  let turns = Turns()
  let batches = Batches()
  let timers = StoreTimers()
  private let reserve: DiskReserve

  /// Opens the store at `path` and makes its folder (0700) if there is none.
  ///
  /// - Parameters:
  ///   - lockTimeout: how long `update` waits for others before it throws `busy`.
  ///   - reserve: what new documents leave free of the disk.
  /// - Throws: `DocumentStoreError.unavailable` where the folder cannot be used, or others could
  ///   write to it or swap it (`OwnFolder`).
  public init(
    path: String, lockTimeout: Duration = .seconds(2), reserve: DiskReserve = DiskReserve(size: 0)
  ) throws(DocumentStoreError) {
    self.reserve = reserve
    do {
      try System.makeFolder(path)
      self.root = try OwnFolder(path)
      self.lockTimeout = lockTimeout
    } catch OwnFolderError.failed(let error, let path) {
      throw .unavailable(reason: "\(path): \(error)")
    } catch OwnFolderError.shared(let path, let reason) {
      throw .unavailable(reason: "\(path): \(reason)")
    } catch {
      throw .unavailable(reason: "\(path): \(error)")
    }
  }

  public func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    // Its path is resolved anew, so this also tells that it still leads into the store's folder.
    if let kept = cache.entry(type, key), let version = kept.settledVersion,
      System.version(ofPath: kept.path) == version
    {
      return kept.document as? D
    }
    return try read(type, key, anew: false)
  }

  public func readAnew<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    try read(type, key, anew: true)
  }

  private func read<D: Document>(_ type: D.Type, _ key: String, anew: Bool) throws -> D? {
    let layout = try FileLayout(collection: type.collection, key: key)
    return try naming(layout.path) {
      try requirePath()
      return try readBesideWriters(type, key, layout, anew: anew)
    }
  }

  public func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    let layout = try FileLayout(collection: type.collection, key: key)
    let isNested = UpdateScope.isWithinUpdate
    return try UpdateScope.run(type) {
      try naming(layout.path) {
        try Blocking.run { try update(key, layout, isNested: isNested, change) }
      }
    }
  }

  public func requireRoom() throws {
    guard !reserve.isShort(in: root.descriptor) else {
      throw DocumentStoreError.full(reason: "the disk has less free space than the reserve")
    }
  }

  public func keys<D: Document>(of type: D.Type) throws -> [String] {
    try naming(type.collection) {
      try folders(of: type).reduce(into: []) { keys, folder in
        keys += ((try? names(in: folder)) ?? []).compactMap(FileLayout.key(ofName:))
      }
    }
  }

  /// What others write into a folder that took the place of this one, this process would not see,
  /// nor they what it writes into the old one. So it does neither.
  func requirePath() throws {
    guard try root.isAtItsPath() else {
      throw DocumentStoreError.unavailable(
        reason: "\(root.path) is no longer the folder that this process opened; if it was moved "
          + "away and put back, restart postern")
    }
  }

  /// Runs `body` and says of its errors which document they are about.
  func naming<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as SystemCallError {
      throw DocumentStoreError.unavailable(reason: "\(path): \(error)")
    } catch let error as Envelope.Damage {
      throw DocumentStoreError.damaged(reason: "\(path): \(error.reason)")
    } catch is Busy {
      throw DocumentStoreError.busy(reason: "\(path): locked by another for too long")
    }
  }
}
