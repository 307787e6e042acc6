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
