import Foundation
import TestSupport
import XCTest

@testable import Postern

final class ServiceManagerTests: TemporaryFolderTestCase {
  private func manager(
    _ socket: NotifySocket, _ environment: [String: String] = [:]
  ) throws -> ServiceManager {
    try XCTUnwrap(
      ServiceManager(
        environment: environment.merging(["NOTIFY_SOCKET": socket.name]) { $1 }, process: 7))
  }

  func testReadyIsSaidOnceWhenAWorkerServesOnSocketsOfBothKinds() throws {
    for name in ["\(folder)/notify", "@postern-test-\(UUID().uuidString)"] {
      let socket = try NotifySocket(name)
      var manager = try manager(socket)
      manager.update(serving: 0, of: 2, isReloading: false)
      XCTAssertEqual(socket.message(within: 1_000), ["STATUS=0 of 2 workers serve"])
      manager.update(serving: 1, of: 2, isReloading: false)
      XCTAssertEqual(
        socket.message(within: 1_000), ["READY=1", "STATUS=1 of 2 workers serve"])
      manager.update(serving: 1, of: 2, isReloading: false)
      manager.update(serving: 2, of: 2, isReloading: false)
      XCTAssertEqual(socket.message(within: 1_000), ["STATUS=2 of 2 workers serve"])
      manager.noteStop()
      XCTAssertEqual(socket.message(within: 1_000).first, "STOPPING=1")
      XCTAssertEqual(socket.message(within: 0), [])
      XCTAssertNil(manager.nextStep, "no watchdog was asked for")
    }
  }

  func testAReloadBeginsWithTheTimeOfTheMonotonicClockAndEndsReady() throws {
    let socket = try NotifySocket("\(folder)/notify")
    var manager = try manager(socket)
    manager.update(serving: 1, of: 1, isReloading: false)
    _ = socket.message(within: 1_000)
    manager.update(serving: 1, of: 1, isReloading: true)
    let lines = socket.message(within: 1_000)
    XCTAssertEqual(lines.first, "RELOADING=1")
    let time = lines.first { $0.hasPrefix("MONOTONIC_USEC=") }
      .flatMap { Int($0.dropFirst("MONOTONIC_USEC=".count)) }
    let now = ProcessInfo.processInfo.systemUptime * 1_000_000
    XCTAssertEqual(Double(try XCTUnwrap(time)), now, accuracy: 10_000_000)
    manager.update(serving: 1, of: 1, isReloading: false)
    XCTAssertEqual(socket.message(within: 1_000).first, "READY=1")
  }

  func testTheWatchdogGetsASignOfLifeOnlyWhileAWorkerServes() throws {
    let socket = try NotifySocket("\(folder)/notify")
    var manager = try manager(socket, ["WATCHDOG_USEC": "2", "WATCHDOG_PID": "7"])
    manager.update(serving: 0, of: 1, isReloading: false)
    XCTAssertFalse(socket.message(within: 1_000).contains("WATCHDOG=1"))
    for _ in 0..<3 {
      manager.update(serving: 1, of: 1, isReloading: false)
      XCTAssertTrue(socket.message(within: 1_000).contains("WATCHDOG=1"))
      XCTAssertNotNil(manager.nextStep)
      usleep(10)
    }
    manager.update(serving: 0, of: 1, isReloading: false)
    XCTAssertFalse(socket.message(within: 1_000).contains("WATCHDOG=1"))
  }

  func testTheSignOfLifeComesAtHalfOfTheTime() throws {
    let socket = try NotifySocket("\(folder)/notify")
    var manager = try manager(socket, ["WATCHDOG_USEC": "60000000"])
    manager.update(serving: 1, of: 1, isReloading: false)
    XCTAssertTrue(socket.message(within: 1_000).contains("WATCHDOG=1"))
    manager.update(serving: 1, of: 1, isReloading: false)
    XCTAssertEqual(socket.message(within: 0), [])
    let left = try XCTUnwrap(manager.nextStep) - .now
    XCTAssertGreaterThan(left, .seconds(15))
    XCTAssertLessThanOrEqual(left, .seconds(30))
  }

  func testTheWatchdogOfAnotherProcessIsNotOurs() throws {
    let socket = try NotifySocket("\(folder)/notify")
    var manager = try manager(socket, ["WATCHDOG_USEC": "2", "WATCHDOG_PID": "8"])
    manager.update(serving: 1, of: 1, isReloading: false)
    XCTAssertFalse(socket.message(within: 1_000).contains("WATCHDOG=1"))
  }

  func testWithoutAManagerOrWithOneThatIsGoneTheServiceGoesOn() throws {
    for name in ["", "relative", "vsock:2:1", "\(folder)/nothing"] {
      XCTAssertNil(ServiceManager(environment: ["NOTIFY_SOCKET": name]))
    }
    XCTAssertNil(ServiceManager(environment: [:]))
    var socket: NotifySocket? = try NotifySocket("\(folder)/notify")
    var manager = try manager(XCTUnwrap(socket))
    socket = nil
    manager.update(serving: 1, of: 1, isReloading: false)
    manager.noteStop()
  }
}
