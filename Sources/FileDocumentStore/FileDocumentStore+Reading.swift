import DocumentStore
import Glibc
import SystemCalls

/// How one document's file is read: with its folder's lock, or without it.
extension FileDocumentStore {
  /// Reads a document without its folder's lock.
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
      if let document = try read(file, as: type, key, layout, anew: anew) { return document }
      tries += 1
      guard tries >= 3 else { continue }
      let folder = try System.open(layout.folder, in: root.descriptor, O_RDONLY | O_DIRECTORY)
      let read = try withLockIfFree(of: layout.folder, folder) {
        try readUnderLock(type, key, layout, in: folder, anew: anew)
      }
      if let read { return read.document }
      guard ContinuousClock.now < deadline else { throw Busy() }
      usleep(200)
    }
  }

  /// What a file holds that was opened without its folder's lock; `nil` where that does not count.
  ///
  /// As soon as it is no longer the document but its spare file, a writer overwrites it. Then the
  /// name leads elsewhere, or the file has another version. So what was read counts only where
  /// neither is so, and is damage only where the version proves that nobody wrote meanwhile.
  func read<D: Document>(
    _ file: DocumentFile, as type: D.Type, _ key: String, _ layout: FileLayout, anew: Bool = false
  ) throws -> D? {
    let bytes = try System.read(file.descriptor, limit: file.size)
    guard System.version(of: layout.path, in: root.descriptor) == file.version else { return nil }
    do {
      let document = try open(bytes, as: type, key, anew ? nil : cache.entry(type, key))
      if !anew { keep(document, key, bytes, layout, file.settledVersion) }
      return document
    } catch {
      guard file.isSettled else { return nil }
      throw error
    }
  }

  /// Reads a document whose folder's lock is taken, and the version of its file.
  /// - Throws: `Envelope.Damage`, `SystemCallError`
  func readUnderLock<D: Document>(
    _ type: D.Type, _ key: String, _ layout: FileLayout, in folder: FileDescriptor,
    anew: Bool = false
  ) throws -> (document: D?, version: FileVersion?) {
    let kept = anew ? nil : cache.entry(type, key)
    if let kept, let version = kept.settledVersion,
      System.version(of: layout.name, in: folder) == version
    {
      return (kept.document as? D, version)
    }
    guard let file = try openDocument(layout.name, in: folder) else { return (nil, nil) }
    let bytes = try System.read(file.descriptor, limit: file.size)
    let document = try open(bytes, as: type, key, kept)
    if !anew { keep(document, key, bytes, layout, file.settledVersion) }
    return (document, file.version)
  }

  /// A document's file, open, as it was then.
  struct DocumentFile {
    let descriptor: FileDescriptor
    let size: Int
    let version: FileVersion
    let isSettled: Bool

    var settledVersion: FileVersion? { isSettled ? version : nil }
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
    _ bytes: [UInt8], as type: D.Type, _ key: String, _ kept: DocumentCache.Entry?
  ) throws(Envelope.Damage) -> D {
    if let kept, !bytes.isEmpty, areSame(kept.bytes, bytes), let document = kept.document as? D {
      return document
    }
    return try Envelope.open(bytes, as: type, key: key)
  }

  func keep<D: Document>(
    _ document: D, _ key: String, _ bytes: [UInt8], _ layout: FileLayout,
    _ settledVersion: FileVersion?
  ) {
    cache.keep(
      DocumentCache.Entry(
        path: "\(root.path)/\(layout.path)", settledVersion: settledVersion, bytes: bytes,
        document: document),
      D.self, key)
  }
}

/// An array compares its elements one by one.
private func areSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  one.count == other.count && memcmp(one, other, one.count) == 0
}
