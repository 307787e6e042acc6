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

  /// Only a regular file with no second name counts (none is left where it was replaced meanwhile):
  /// no link is followed, and a pipe cannot hang us.
  func load<D: Document>(
    _ type: D.Type, _ key: String, named name: String, in folder: FileDescriptor
  ) throws -> D? {
    let file: FileDescriptor
    do {
      file = try System.open(name, in: folder, O_RDONLY | O_NONBLOCK)
    } catch  where error.code == ENOENT {
      return nil
    } catch  where error.code == ELOOP {
      throw Envelope.Damage(reason: "a symbolic link")
    }
    let status = try System.status(of: file)
    guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink <= 1 else {
      throw Envelope.Damage(reason: "not a regular file with one name")
    }
    guard status.st_uid == geteuid() else {
      throw Envelope.Damage(reason: "belongs to another user of this machine")
    }
    guard status.st_size <= Envelope.sizeLimit else { throw Envelope.Damage(reason: "too large") }
    let bytes = try System.read(file, limit: Int(status.st_size))
    return try Envelope.open(bytes, as: type, key: key)
  }

  func commit<D: Document>(
    _ document: D?, _ key: String, named name: String, in folder: FileDescriptor
  ) throws {
    if let document {
      try replace(name, in: folder, with: Envelope.seal(document, key: key))
    } else {
      try System.remove(name, in: folder)
    }
    try System.sync(folder)
  }

  /// Writes a new file aside, and gives it the name of the old one once it is durable.
  private func replace(_ name: String, in folder: FileDescriptor, with bytes: [UInt8]) throws {
    let fresh = FileLayout.temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
    let file = try System.open(fresh, in: folder, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    do {
      try System.write(bytes, to: file)
      try System.syncData(file)
      try System.rename(fresh, to: name, in: folder)
    } catch {
      try? System.remove(fresh, in: folder)
      throw error
    }
  }
}
