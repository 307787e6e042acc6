import Foundation
import TestSupport
import XCTest

/// `postern serve` on a socket that systemd-socket-activate(1) opened.
final class SocketActivationTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func activated(
    _ site: Installation, _ listeners: [String], log: String = "postern.log"
  ) throws -> ChildProcess {
    try ChildProcess("/bin/sh", site.activation(by: listeners), log: "\(site.run)/\(log)")
  }

  func testH13_theSocketIsSystemdsAndStaysWhereItIs() throws {
    let site = try makeInstallation(.init(door: .socketActivation))
    try site.start()
    let postern = try XCTUnwrap(site.postern)
    let workers = ProcessTable.children(of: try XCTUnwrap(site.pidInFile))
    XCTAssertEqual(workers.count, Installation.workerCount)
    for worker in workers {
      let environment = ProcessTable.text("environ", of: worker)
      XCTAssertFalse(environment.contains("LISTEN_"), environment)
    }

    // A reload keeps it, too.
    let (status, output) = try site.command(["reload"])
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)

    // A second one is refused by the first one's pid file, and takes nothing away.
    let second = try site.serve(log: "second.log")
    XCTAssertNotEqual(try second.waitForEnd(), 0, second.log)
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)

    postern.stop()
    XCTAssertEqual(try postern.waitForEnd(), 0, postern.log)
    XCTAssertTrue(FileManager.default.fileExists(atPath: site.socketPath))
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.pidPath))
  }

  func testH15_aTCPSocketAndTwoSocketsAreRefused() throws {
    let site = try makeInstallation()
    let port = try freePort()
    let tcp = try activated(site, ["127.0.0.1:\(port)"], log: "tcp.log")
    XCTAssertTrue(eventually(within: 10) { (try? HTTPConnection(port: port)) != nil })
    XCTAssertEqual(try tcp.waitForEnd(), 78, tcp.log)
    XCTAssertTrue(tcp.log.contains("not a listening Unix socket"), tcp.log)

    let two = try activated(site, [site.socketPath, "\(site.run)/other.sock"], log: "two.log")
    XCTAssertTrue(eventually(within: 10) { (try? FastCGIClient(path: site.socketPath)) != nil })
    XCTAssertEqual(try two.waitForEnd(), 78, two.log)
    XCTAssertTrue(two.log.contains("passes 2 sockets, not one"), two.log)
  }

  func testSystemdFindsNoFaultInTheUnits() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let units = "\(site.run)/units"
    let source = "\(Repository.folder)/Deploy/systemd"
    for name in ["postern.service", "postern.socket", "postern.service.d/socket.conf"] {
      let path = "\(units)/\(name)"
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try String(contentsOfFile: "\(source)/\(name)", encoding: .utf8)
        .replacingOccurrences(of: "/usr/bin/postern", with: "/bin/true")
        .replacing(/Documentation=.*\n/, with: "")
        .write(toFile: path, atomically: true, encoding: .utf8)
    }
    let (status, output) = try runProgram(
      [
        "systemd-analyze", "verify", "--man=no", "\(units)/postern.service",
        "\(units)/postern.socket",
      ], in: site.run)
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(output, "")
  }
}
