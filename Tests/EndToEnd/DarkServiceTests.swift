import Foundation
import TestSupport
import XCTest

/// No worker can serve: clients are told at once, and the service is back as soon as it can be.
final class DarkServiceTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testH2_quickDeathsOfAllWorkersLeaveTheServiceWithoutOneForMomentsOnly() throws {
    let site = try makeInstallation()
    try site.start()
    let end = ContinuousClock.now + .seconds(4)
    while ContinuousClock.now < end {
      for worker in site.workers { kill(worker, SIGKILL) }
      usleep(20_000)
    }
    XCTAssertTrue(
      eventually(within: 10) { (try? site.ask(.login("alice")).status) == 200 }, site.logs)
  }

  func testH2_whereNoWorkerCanStartRequestsAreRefusedAndServedOnceOneCan() throws {
    let site = try makeInstallation()
    try site.start()
    let away = "\(site.folder)/away"
    try FileManager.default.moveItem(atPath: site.data, toPath: away)
    for worker in site.workers { kill(worker, SIGKILL) }
    XCTAssertTrue(
      eventually(within: 10) { site.postern?.log.contains("no worker serves") == true }, site.logs)
    for _ in 0..<20 {
      let begin = ContinuousClock.now
      XCTAssertEqual(try site.ask(.login("alice")).status, 502)
      // nginx would wait for 30.
      XCTAssertLessThan(ContinuousClock.now - begin, .seconds(5))
    }
    XCTAssertEqual(site.postern?.log.components(separatedBy: "no worker serves").count, 2)

    try FileManager.default.moveItem(atPath: away, toPath: site.data)
    XCTAssertTrue(
      eventually(within: 10) { (try? site.ask(.login("alice")).status) == 200 }, site.logs)
    // A worker can answer before the supervisor hears that it serves.
    XCTAssertTrue(
      eventually(within: 10) {
        site.postern?.log.contains("requests are served again") == true
      }, site.logs)
  }

  func testH2_whereNoWorkerCanStartRequestsOnKeptConnectionsAreRefusedToo() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_WORKERS": "1"]))
    try site.startPostern()
    let client = try FastCGIClient(path: site.socketPath)
    client.send("GET", "/password-policy")
    XCTAssertEqual(try client.reply().status, 200)
    try FileManager.default.moveItem(atPath: site.data, toPath: "\(site.folder)/away")
    // A worker that is asked to end leaves the connection to the next one.
    for worker in site.workers { kill(worker, SIGTERM) }
    XCTAssertTrue(
      eventually(within: 10) { site.postern?.log.contains("no worker serves") == true }, site.logs)
    client.send("GET", "/password-policy")
    XCTAssertTrue(client.hears(within: 5_000))
    XCTAssertTrue(client.isEnded())
  }
}
