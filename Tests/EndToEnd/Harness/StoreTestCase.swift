import Foundation
import Glibc
import TestSupport
import XCTest

/// Starts servers of documents, and hosts that share them.
class StoreTestCase: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  class var kind: StoreServer.Kind { .redis }
  private var servers: [StoreServer] = []

  override func tearDown() {
    super.tearDown()
    for server in servers { server.remove() }
    servers = []
  }

  /// A server of this test alone.
  func startServer(
    _ kind: StoreServer.Kind? = nil, settings: [String] = []
  ) throws -> StoreServer {
    let kind = kind ?? Self.kind
    try XCTSkipUnless(StoreServer.isInstalled(kind), "\(kind) is not installed")
    let started = try StoreServer(kind, settings: settings)
    servers.append(started)
    return started
  }

  /// A host that has its documents there.
  func host(
    _ server: StoreServer, hasDemo: Bool = false, _ settings: [String: String] = [:]
  ) throws -> Installation {
    let settings = ["POSTERN_STORE": server.url, "POSTERN_TOKENS_GRACE": "30"]
      .merging(settings) { $1 }
    let host = try makeInstallation(
      .init(settings: settings, isThrottled: false, hasDemo: false))
    if server.kind == .postgresql { XCTAssertEqual(try host.command(["store", "init"]).status, 0) }
    if hasDemo {
      let (status, output) = try host.command(["demo"])
      XCTAssertEqual(status, 0, output)
    }
    return host
  }

  func copyKeys(from one: Installation, to other: Installation) throws {
    try FileManager.default.createDirectory(
      atPath: other.data, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try? FileManager.default.removeItem(atPath: "\(other.data)/keys.json")
    try FileManager.default.copyItem(
      atPath: "\(one.data)/keys.json", toPath: "\(other.data)/keys.json")
    chmod("\(other.data)/keys.json", 0o600)
  }

  /// It is in the setting alone.
  func assertNoPassword(_ hosts: Installation...) throws {
    for host in hosts {
      XCTAssertFalse(host.logs.contains(StoreServer.password), host.logs)
      let config = try host.command(["config"])
      XCTAssertEqual(config.status, 0)
      XCTAssertFalse(config.output.contains(StoreServer.password), config.output)
      XCTAssertEqual(host.workers.count, Installation.workerCount)
      for process in host.workers {
        for file in ["cmdline", "environ"] {
          XCTAssertFalse(
            ProcessTable.text(file, of: process).contains(StoreServer.password), file)
        }
      }
    }
  }
}
