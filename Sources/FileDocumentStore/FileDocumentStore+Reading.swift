import DocumentStore
import Glibc
import SystemCalls

/// How one document's file is read: with its folder's lock, or beside whoever has it.
extension FileDocumentStore {
  /// Reads a document without its folder's lock.
  ///
  /// A writer may overwrite the file that was opened, once it is no longer the document but the
  /// spare file: then the name leads elsewhere, or the file has another version. What was read counts
  /// only where neither is so. It is damage only where the version proves that nobody wrote
  /// meanwhile, or under the lock.
  ///
  /// - Parameter anew: without looking at what was kept, or keeping it.
  /// - Throws: `Envelope.Damage`, `Busy`, `SystemCallError`
  func readBesideWriters<D: Document>(
    _ type: D.Type, _ key: String, _ layout: FileLayout, anew: Bool = false
  ) throws -> D? {
    let deadline = ContinuousClock.now + lockTimeout
    var tries = 0
    while true {
      guard let file = try openDocument(layout.path, in: root.descriptor) else {
        cache.forget(type, key)
        return nil
      }
      let bytes = try System.read(file.descriptor, limit: file.size)
      let isStill = System.version(of: layout.path, in: root.descriptor) == file.version
      do {
        let document = try open(bytes, as: type, key, anew: anew)
        if isStill {
          if !anew { keep(document, key, bytes, of: file, layout) }
          return document
        }
      } catch let damage {
        if isStill && file.isSettled { throw damage }
      }
      tries += 1
      guard tries >= 3 else { continue }
      // Its folder and its lock file are there, like the document.
      let folder = try System.open(layout.folder, in: root.descriptor, O_RDONLY | O_DIRECTORY)
      if let lock = try tryLock(of: layout.folder, folder) {
        defer { try? System.unlock(lock) }
        return try readUnderLock(type, key, layout, in: folder)
      }
      guard ContinuousClock.now < deadline else { throw Busy() }
      usleep(200)
    }
  }

  /// Reads a document whose folder's lock is taken.
  /// - Throws: `Envelope.Damage`, `SystemCallError`
  func readUnderLock<D: Document>(
    _ type: D.Type, _ key: String, _ layout: FileLayout, in folder: FileDescriptor
  ) throws -> D? {
    if let kept = cache.entry(type, key), kept.isSettled,
      System.version(of: layout.name, in: folder) == kept.version
    {
      return kept.document as? D
    }
    guard let file = try openDocument(layout.name, in: folder) else { return nil }
    let bytes = try System.read(file.descriptor, limit: file.size)
    let document = try open(bytes, as: type, key)
    keep(document, key, bytes, of: file, layout)
    return document
  }

  /// A document's file, open, as it was then.
  struct DocumentFile {
    let descriptor: FileDescriptor
    let size: Int
    let version: FileVersion
    let isSettled: Bool
  }

  /// Only a regular file with no second name counts (none is left where it was replaced meanwhile):
  /// no link is followed, and a pipe cannot hang us. `nil` where there is nothing.
  func openDocument(_ name: String, in folder: FileDescriptor) throws -> DocumentFile? {
    let now = FileTime.now
    let file: FileDescriptor
    do {
      file = try System.open(name, in: folder, O_RDONLY | O_NONBLOCK)
    } catch  where error.code == ENOENT {
      return nil
    } catch  where error.code == ELOOP {
      throw Envelope.Damage(reason: "a symbolic link")
    }
    let status = try System.fileStatus(of: file)
    guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink <= 1 else {
      throw Envelope.Damage(reason: "not a regular file with one name")
    }
    guard status.st_uid == geteuid() else {
      throw Envelope.Damage(reason: "belongs to another user of this machine")
    }
    guard status.st_size <= Envelope.sizeLimit else { throw Envelope.Damage(reason: "too large") }
    let version = FileVersion(status)
    return DocumentFile(
      descriptor: file, size: Int(status.st_size), version: version,
      isSettled: version.isSettled(at: now))
  }

  private func open<D: Document>(
    _ bytes: [UInt8], as type: D.Type, _ key: String, anew: Bool = false
  ) throws(Envelope.Damage) -> D {
    if !anew, !bytes.isEmpty, let kept = cache.entry(type, key), kept.bytes == bytes,
      let document = kept.document as? D
    {
      return document
    }
    return try Envelope.open(bytes, as: type, key: key)
  }

  private func keep<D: Document>(
    _ document: D, _ key: String, _ bytes: [UInt8], of file: DocumentFile, _ layout: FileLayout
  ) {
    cache.keep(
      DocumentCache.Entry(
        path: "\(root.path)/\(layout.path)", version: file.version, isSettled: file.isSettled,
        bytes: bytes, document: document),
      D.self, key)
  }
}
