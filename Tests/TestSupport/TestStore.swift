public import DocumentStore
import FileDocumentStore
import Foundation
import PostgreSQLDocumentStore
import RedisDocumentStore
import Synchronization
import XCTest

/// The store that suites run on: files, or servers that the test run starts where `POSTERN_TEST_STORE`
/// is `redis` or `postgresql`.
public enum TestStore {
  private static let kind = ProcessInfo.processInfo.environment["POSTERN_TEST_STORE"]
    .flatMap(StoreServer.Kind.init)

  public static var isOfFiles: Bool { kind == nil }

  /// Skips a test that is about files.
  public static func requireFiles() throws {
    try XCTSkipUnless(isOfFiles, "is about files")
  }

  /// The store that belongs to a folder: always the same for the same one, as after a restart.
  public static func open(
    folder: String, timeout: Duration = .seconds(60)
  ) throws -> any DocumentStore {
    guard let kind else { return try FileDocumentStore(path: folder, lockTimeout: timeout) }
    let url = try url(kind, folder)
    switch kind {
    case .redis:
      var options = RedisDocumentStore.Options()
      options.timeout = timeout
      return LastingStore(RedisDocumentStore(try RedisAddress(url), options))
    case .postgresql: return LastingStore(PostgreSQLDocumentStore(url, timeout: timeout))
    }
  }

  /// That of a folder as the setting `store` names it; `nil` for `file`.
  public static func setting(folder: String) throws -> String? {
    try kind.map { try url($0, folder) }
  }

  private struct Servers {
    var server: StoreServer?
    /// The number of each folder's database or schema.
    var numbers: [String: Int] = [:]
  }

  private static let servers = Mutex(Servers())

  private static func url(_ kind: StoreServer.Kind, _ folder: String) throws -> String {
    try servers.withLock { servers in
      let server = try servers.server ?? start(kind)
      servers.server = server
      let known = servers.numbers[folder]
      let number = known ?? servers.numbers.count + 1
      servers.numbers[folder] = number
      switch kind {
      case .redis: return "\(server.url)/\(number)"
      case .postgresql:
        let url = "\(server.url)&options=-csearch_path%3Dt\(number)"
        if known == nil {
          try server.command("create schema t\(number)")
          try PostgreSQLDocumentStore(url).makeTable()
        }
        return url
      }
    }
  }

  private static func start(_ kind: StoreServer.Kind) throws -> StoreServer {
    let server = try StoreServer(kind)
    XCTestObservationCenter.shared.addTestObserver(End(server))
    return server
  }

  /// Ends the server with the test run.
  private final class End: NSObject, XCTestObservation {
    private let server: StoreServer

    init(_ server: StoreServer) { self.server = server }

    func testBundleDidFinish(_ bundle: Bundle) { server.remove() }
  }
}

/// An engine that lets no document expire: tests have a time of their own, and it has the machine's.
private struct LastingStore: VersionedDocumentStore {
  private let store: any VersionedDocumentStore

  init(_ store: any VersionedDocumentStore) { self.store = store }

  var timeout: Duration { store.timeout }

  func stored(_ collection: String, _ key: String) throws -> StoredDocument? {
    try store.stored(collection, key)
  }

  func replace(
    _ collection: String, _ key: String, with new: StoredDocument?, expiresAt: Date?,
    insteadOf old: String?
  ) throws -> Bool {
    try store.replace(collection, key, with: new, expiresAt: nil, insteadOf: old)
  }

  func makeDurable(_ collection: String, _ key: String, _ read: StoredDocument?) throws {
    try store.makeDurable(collection, key, read)
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] { try store.keys(of: type) }
}
