import DocumentStore
import Foundation

/// A store in a temporary folder, which is gone when nobody uses the store any more.
final class TemporaryDocumentStore: DocumentStore {
  private let folder: URL
  private let store: FileDocumentStore

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("postern-test-\(UUID().uuidString)")
    store = try FileDocumentStore(path: folder.path)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    try store.read(type, key)
  }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    try store.update(type, key, change)
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] {
    try store.keys(of: type)
  }
}
