import Foundation
import TestSupport
import XCTest

/// sd_notify(3): what a service manager such as systemd is told.
final class ServiceManagerTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testReadyReloadsSignsOfLifeAndTheEndAreTold() throws {
    let site = try makeInstallation()
    let socket = try NotifySocket("@postern-test-\(UUID().uuidString)")
    try site.startPostern(
      settings: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "1000000"])
    let supervisor = try XCTUnwrap(site.postern)
    XCTAssertNotNil(socket.lines(upTo: "READY=1", within: 10))
    XCTAssertNotNil(socket.lines(upTo: "STATUS=3 of 3 workers serve", within: 10))
    for _ in 0..<3 { XCTAssertNotNil(socket.lines(upTo: "WATCHDOG=1", within: 5)) }
    for worker in site.workers {
      let environment = ProcessTable.text("environ", of: worker).split(separator: "\0")
        .joined(separator: "\n")
      XCTAssertTrue(environment.contains("POSTERN_RUN"))
      XCTAssertFalse(environment.contains("NOTIFY_SOCKET"), environment)
      XCTAssertFalse(environment.contains("WATCHDOG"), environment)
    }

    supervisor.send(SIGHUP)
    let reload = try XCTUnwrap(socket.lines(upTo: "READY=1", within: 20))
    let start = try XCTUnwrap(reload.firstIndex(of: "RELOADING=1"), "\(reload)")
    XCTAssertTrue(reload[start...].contains { $0.hasPrefix("MONOTONIC_USEC=") }, "\(reload)")

    supervisor.send(SIGTERM)
    XCTAssertNotNil(socket.lines(upTo: "STOPPING=1", within: 10))
    XCTAssertEqual(try supervisor.waitForEnd(), 0)
  }

  func testAReloadThatIsRefusedEndsReadyToo() throws {
    let site = try makeInstallation()
    let socket = try NotifySocket("\(site.run)/notify")
    try site.startPostern(settings: ["NOTIFY_SOCKET": socket.name])
    XCTAssertNotNil(socket.lines(upTo: "STATUS=3 of 3 workers serve", within: 10))
    try Data("{".utf8).write(to: URL(fileURLWithPath: "\(site.data)/keys.json"))
    site.postern?.send(SIGHUP)
    XCTAssertNotNil(socket.lines(upTo: "RELOADING=1", within: 10))
    XCTAssertNotNil(socket.lines(upTo: "READY=1", within: 20), site.logs)
  }

  func testH2_withoutAWorkerThatServesTheWatchdogGetsNoSign() throws {
    let site = try makeInstallation()
    let socket = try NotifySocket("\(site.run)/notify")
    try site.startPostern(
      settings: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "200000"])
    XCTAssertNotNil(socket.lines(upTo: "WATCHDOG=1", within: 10))
    try FileManager.default.moveItem(atPath: site.data, toPath: "\(site.folder)/away")
    for worker in site.workers { kill(worker, SIGKILL) }
    XCTAssertNotNil(socket.lines(upTo: "STATUS=0 of 3 workers serve", within: 10), site.logs)
    XCTAssertNil(socket.lines(upTo: "WATCHDOG=1", within: 2))
    try FileManager.default.moveItem(atPath: "\(site.folder)/away", toPath: site.data)
    XCTAssertNotNil(socket.lines(upTo: "WATCHDOG=1", within: 15), site.logs)
  }
}
