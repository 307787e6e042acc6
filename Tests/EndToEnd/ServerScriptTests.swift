import Foundation
import XCTest

/// `script/server` as a newcomer starts it, but for the build.
final class ServerScriptTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testServer_isReadyWhenItSaysSoAndLeavesNothingBehind() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let port = try freePort()
    let script = try ChildProcess(
      "\(Repository.folder)/script/server", [],
      environment: [
        "POSTERN_PROGRAM": try Repository.program(), "POSTERN_PORT": "\(port)",
        "POSTERN_DATA": site.data, "POSTERN_RUN": "\(site.run)/server",
      ], log: "\(site.run)/server.log")
    defer { script.stop() }
    let ready = "Postern is ready at http://localhost:\(port)"
    XCTAssertTrue(
      eventually(within: 60) { !script.isRunning || script.log.contains(ready) }, script.log)
    let connection = try HTTPConnection(port: port)
    XCTAssertEqual(try connection.ask(.login("alice")).status, 200, script.log)

    script.send(SIGINT)
    XCTAssertEqual(try script.waitForEnd(), 0, script.log)
    XCTAssertThrowsError(try HTTPConnection(port: port))
    let left = try FileManager.default.contentsOfDirectory(atPath: "\(site.run)/server")
    XCTAssertEqual(left.filter { $0.hasSuffix(".sock") || $0.hasSuffix(".pid") }, [])
  }
}
