import Foundation
import XCTest

/// `script/server` as a newcomer starts it, but for the build.
final class ServerScriptTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testServer_isReadyWhenItSaysSoAndLeavesNothingBehind() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let port = try freePort()
    let script = try server(of: site, port: port, log: "server.log")
    defer { script.stop() }
    let ready = "Postern is ready at http://localhost:\(port)"
    XCTAssertTrue(
      eventually(within: 60) { !script.isRunning || script.log.contains(ready) }, script.log)
    let connection = try HTTPConnection(port: port)
    XCTAssertEqual(try connection.ask(.login("alice")).status, 200, script.log)

    // A second one over the same run folder goes, and leaves the first as it is.
    let configuration = FileManager.default.contents(atPath: "\(site.run)/server/nginx.conf")
    let second = try server(of: site, port: freePort(), log: "second.log")
    defer { second.stop() }
    XCTAssertEqual(try second.waitForEnd(), 1)
    XCTAssertTrue(second.log.contains("Another Postern runs in"), second.log)
    XCTAssertFalse(second.log.contains("is ready"), second.log)
    XCTAssertEqual(
      FileManager.default.contents(atPath: "\(site.run)/server/nginx.conf"), configuration)
    XCTAssertEqual(try HTTPConnection(port: port).ask(.login("alice")).status, 200)

    script.send(SIGINT)
    XCTAssertEqual(try script.waitForEnd(), 0, script.log)
    XCTAssertThrowsError(try HTTPConnection(port: port))
    let left = try FileManager.default.contentsOfDirectory(atPath: "\(site.run)/server")
    XCTAssertEqual(left.filter { $0.hasSuffix(".sock") || $0.hasSuffix(".pid") }, [])
  }

  private func server(of site: Installation, port: UInt16, log: String) throws -> ChildProcess {
    try ChildProcess(
      "\(Repository.folder)/script/server", [],
      environment: [
        "POSTERN_PROGRAM": try Repository.program(), "POSTERN_PORT": "\(port)",
        "POSTERN_DATA": site.data, "POSTERN_RUN": "\(site.run)/server",
      ], log: "\(site.run)/\(log)")
  }
}
