import Foundation
import TestSupport
import XCTest

/// What is about Redis alone, and about files.
final class RedisStoreTests: StoreTestCase {
  func testAServerThatDropsDocumentsForWantOfMemoryIsRefused() throws {
    let server = try startServer(settings: ["maxmemory-policy allkeys-lru"])
    let site = try host(
      server,
      [
        "POSTERN_TOKENS_ACCESS_SECRET": "Zx81kqPw0vLr62tYbN4mSd7fGh3jKc9e",
        "POSTERN_TOKENS_REFRESH_SECRET": "Qm27cVbX93nLzTr5wEy8uIp1oAs6dFg4",
      ])
    let serve = try site.serve(log: "refused.log")
    defer { serve.stop() }
    XCTAssertEqual(try serve.waitForEnd(), 78, serve.log)
    XCTAssertTrue(serve.log.contains("maxmemory-policy must be noeviction"), serve.log)
    XCTAssertEqual(try site.command(["store", "init"]).status, 78)
    // Where it is found out later, nothing is admitted either.
    server.stop()
    try site.startPostern()
    try server.resume()
    usleep(1_200_000)
    let client = try FastCGIClient(path: site.socketPath)
    client.send("GET", "/healthz", keep: false)
    XCTAssertEqual(try client.reply().status, 503)
    XCTAssertTrue(
      eventually(within: 15) { site.logs.contains("maxmemory-policy must be noeviction") })
    try server.command("config", "set", "maxmemory-policy", "noeviction")
    XCTAssertTrue(
      try eventually(within: 5) {
        let other = try FastCGIClient(path: site.socketPath)
        other.send("GET", "/healthz", keep: false)
        return try other.reply().status == 200
      }, site.logs)
  }

  func testWhatAServerMayLoseIsToldAtTheStart() throws {
    let server = try startServer(settings: ["appendonly no"])
    let site = try host(server)
    try site.startPostern()
    XCTAssertTrue(site.logs.contains("appendonly is off"), site.logs)
    XCTAssertTrue(
      try site.command(["store", "init"]).output.contains("warning: appendonly is off"))
  }

  func testAServiceOnFilesMapsNothingOfTheOtherStores() throws {
    let site = try makeInstallation()
    try site.start()
    _ = try site.login("alice")
    for process in site.workers + [try XCTUnwrap(site.postern?.id)] {
      let maps = ProcessTable.text("maps", of: process)
      XCTAssertTrue(maps.contains("/libfcgi.so"), maps)
      for library in ["libpq", "libhiredis", "libssl", "libcrypto.so", "libkrb5", "libldap"] {
        XCTAssertFalse(maps.contains("/\(library)"), library)
      }
    }
    let hosts = try site.command(["status", "--hosts"])
    XCTAssertEqual(hosts.status, 78)
    XCTAssertTrue(hosts.output.contains("no other host can use it"), hosts.output)
    let publish = try site.command(["key", "publish"])
    XCTAssertEqual(publish.status, 78)
    XCTAssertTrue(publish.output.contains("of this machine alone"), publish.output)
  }
}
