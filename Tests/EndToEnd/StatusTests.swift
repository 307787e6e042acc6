import Foundation
import XCTest

/// `postern status`.
final class StatusTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func status(_ site: Installation) throws -> [String: Any] {
    let (status, output) = try site.command(["status", "--json"])
    XCTAssertEqual(status, 0, output)
    return try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], output)
  }

  func testItTellsOfEachWorkerAndChangesWithThem() throws {
    let site = try makeInstallation()
    try site.start()
    for _ in 0..<20 { _ = try site.ask(.get("/current-user")) }
    XCTAssertTrue(
      try eventually(within: 10) {
        (try status(site)["workers"] as? [[String: Any]])?.count == Installation.workerCount
      })
    let before = try status(site)
    let workers = try XCTUnwrap(before["workers"] as? [[String: Any]])
    XCTAssertEqual(Set(workers.compactMap { $0["pid"] as? Int }), Set(site.workers.map(Int.init)))
    XCTAssertTrue(workers.allSatisfy { $0["isReady"] as? Bool == true })
    XCTAssertGreaterThanOrEqual(workers.compactMap { $0["requests"] as? Int }.reduce(0, +), 20)
    XCTAssertTrue(workers.allSatisfy { $0["memory"] as? Int ?? 0 > 1 << 20 })
    XCTAssertEqual(before["restarts"] as? Int, 0)
    XCTAssertEqual(before["pid"] as? Int, (site.postern?.id).map(Int.init))
    XCTAssertEqual(before["running"] as? Bool, true)
    XCTAssertLessThan(before["uptime"] as? Int ?? .max, 600)

    kill(try XCTUnwrap(site.workers.first), SIGKILL)
    XCTAssertTrue(try eventually(within: 10) { try status(site)["restarts"] as? Int == 1 })
    XCTAssertEqual(try site.command(["reload"]).status, 0)
    XCTAssertTrue(
      try eventually(within: 20) {
        (try status(site)["reloads"] as? [String: Any])?["done"] as? Int == 1
      })
    let after = try XCTUnwrap(status(site)["workers"] as? [[String: Any]])
    XCTAssertTrue(
      Set(after.compactMap { $0["pid"] as? Int })
        .isDisjoint(with: workers.compactMap { $0["pid"] as? Int }))

    let (code, text) = try site.command(["status"])
    XCTAssertEqual(code, 0)
    XCTAssertTrue(text.contains("1 restarts of workers, 1 reloads, 0 refused"), text)
  }

  func testItExitsWithThreeWhereNoneRuns() throws {
    let site = try makeInstallation()
    XCTAssertEqual(try site.command(["status"]).status, 3)
    try site.startPostern()
    XCTAssertEqual(try site.command(["status"]).status, 0)
    let attributes = try FileManager.default.attributesOfItem(
      atPath: "\(site.run)/postern.metrics")
    XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o600)
    site.stop()
    let (status, output) = try site.command(["status", "--json"])
    XCTAssertEqual(status, 3)
    XCTAssertEqual(output, "{\"running\":false}\n")
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(site.run)/postern.metrics"))
  }

  func testWhatAKilledServiceLeftBehindPassesForNoRunningOne() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let workers = site.workers
    site.postern?.send(SIGKILL)
    XCTAssertTrue(
      eventually(within: 10) { workers.allSatisfy { kill($0, 0) != 0 } })
    XCTAssertTrue(FileManager.default.fileExists(atPath: "\(site.run)/postern.metrics"))
    XCTAssertEqual(try site.command(["status"]).status, 3)
    try site.startPostern()
    XCTAssertTrue(
      try eventually(within: 10) {
        (try status(site)["workers"] as? [[String: Any]])?.count == Installation.workerCount
      })
  }
}
