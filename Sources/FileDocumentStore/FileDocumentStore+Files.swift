import DocumentStore
import Glibc
import SystemCalls

/// The steps of reading and writing one document's file.
extension FileDocumentStore {
  /// Opens the folder that holds the document, and makes it if there is none.
  func openFolder(_ layout: FileLayout) throws -> FileDescriptor {
    do {
      return try System.open(layout.folder, in: root.descriptor, O_RDONLY | O_DIRECTORY)
    } catch  where error.code == ENOENT {
      try System.makeFolder(layout.collection, in: root.descriptor)
      try System.makeFolder(layout.folder, in: root.descriptor)
      return try System.open(layout.folder, in: root.descriptor, O_RDONLY | O_DIRECTORY)
    }
  }

  /// Makes the document what it shall be (`nil` for none), durably. The folder's lock is taken.
  ///
  /// - Parameter old: the version of the document's file; `nil` where there is none.
  /// - Throws: `SystemCallError`; `DocumentStoreError.full` for a new document.
  func commit<D: Document>(
    _ document: D?, _ key: String, _ layout: FileLayout, insteadOf old: FileVersion?,
    in folder: FileDescriptor
  ) throws {
    if let document {
      if old == nil, !D.mayUseReserve { try requireRoom() }
      let bytes = try Envelope.seal(document, key: key)
      let isExchanged = try replace(layout, insteadOf: old, with: bytes, in: folder)
      try System.sync(folder)
      // Where this fails, the next commit syncs once more than it would have to.
      if isExchanged { try? System.clearModificationTime(of: layout.spareName, in: folder) }
      // The next update by this process need not decode what this one encoded.
      keep(document, key, bytes, layout, nil)
    } else {
      // In this order, the spare file of no document is left where the writer dies in between.
      try removeIfAny(layout.spareName, in: folder)
      try System.remove(layout.name, in: folder)
      try System.sync(folder)
    }
  }

  /// Writes the spare file, and gives it the name of the document once it is durable. Returns whether
  /// the old document is the spare file now.
  private func replace(
    _ layout: FileLayout, insteadOf old: FileVersion?, with bytes: [UInt8],
    in folder: FileDescriptor
  ) throws -> Bool {
    let (name, spare) = (layout.name, layout.spareName)
    do {
      let (file, size) = try openSpare(spare, in: folder)
      try System.write(bytes, to: file)
      if size > bytes.count { try System.truncate(file, to: bytes.count) }
      try System.syncData(file)
      if let old {
        // One that bears the mark of a spare file would bear it as one before it is durable.
        if old.modified != Self.spareMark,
          try System.rename(spare, to: name, in: folder, .exchange)
        {
          return true
        }
      } else if try System.rename(spare, to: name, in: folder, .toFreeName) {
        return false
      }
      try System.rename(spare, to: name, in: folder)
      return false
    } catch {
      try? System.remove(spare, in: folder)
      throw error
    }
  }

  /// The time of modification of a spare file that is one on the disk, too, so that nobody will find
  /// it under the document's name after a power cut.
  private static let spareMark = FileTime.zero

  /// Opens the spare file to be overwritten, or makes it. Whatever else is at its name, or belongs to
  /// somebody else, or has another name too, is removed. Returns its size, too.
  private func openSpare(
    _ name: String, in folder: FileDescriptor
  ) throws -> (file: FileDescriptor, size: Int) {
    do {
      let file = try System.open(name, in: folder, O_WRONLY | O_CREAT | O_NONBLOCK, mode: 0o600)
      let status = try System.fileStatus(of: file)
      if status.st_mode == S_IFREG | 0o600, status.st_nlink == 1, status.st_uid == geteuid() {
        let isSpareOnDisk = FileVersion(status).modified == Self.spareMark
        // The writer that made it the spare file may have died before that was durable.
        if status.st_size > 0, !isSpareOnDisk { try System.sync(folder) }
        return (file, Int(status.st_size))
      }
    } catch  where Self.errorsOfOddFiles.contains(error.code) {}
    try System.remove(name, in: folder)
    return (try System.open(name, in: folder, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600), 0)
  }

  /// A link, a pipe that nobody reads, a folder, what may not be written to.
  private static let errorsOfOddFiles = [ELOOP, ENXIO, EISDIR, EACCES]

  private func removeIfAny(_ name: String, in folder: FileDescriptor) throws {
    do {
      try System.remove(name, in: folder)
    } catch  where error.code == ENOENT {}
  }
}
