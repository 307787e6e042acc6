import Foundation
import XCTest

/// The data folder is moved away under a running service, and a copy is put in its place, as a
/// restore from a backup does it.
final class MovedDataTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testF34_workersRefuseTheOldFolderAndSayWhatToDoUntilTheRestart() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").refreshToken
    let moved = "\(site.folder)/moved"
    try FileManager.default.moveItem(atPath: site.data, toPath: moved)
    XCTAssertEqual(try site.ask(.login("alice")).status, 503, "no folder")
    try FileManager.default.copyItem(atPath: moved, toPath: site.data)
    try site.addUser("dora")

    let before = try contents(moved)
    for call in [HTTPCall.login("dora"), .login("alice"), .refresh(token)] {
      let answer = try site.ask(call)
      XCTAssertEqual(answer.said, "503 The service is unavailable for the moment")
    }
    XCTAssertEqual(try contents(moved), before)
    let lines = try XCTUnwrap(site.postern?.log).split(separator: "\n")
      .filter { $0.contains("restart postern") }
    XCTAssertEqual(lines.count, 4, "one line for each request: \(lines)")

    site.stop()
    try site.start()
    XCTAssertEqual(try site.ask(.login("dora")).status, 200)
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
  }

  func testF34_M6_theLogIsToldOnceThatTheFolderOrTheKeysAreOthers() throws {
    let site = try makeInstallation()
    try site.start()
    let supervisor = try XCTUnwrap(site.postern), token = try site.login("alice").accessToken
    let keys = "\(site.data)/keys.json", kept = "\(site.folder)/keys.json"
    func count(_ text: String) -> Int { supervisor.log.components(separatedBy: text).count - 1 }

    try FileManager.default.moveItem(atPath: keys, toPath: kept)
    XCTAssertTrue(eventually(within: 15) { count("keys.json is missing") == 1 }, site.logs)
    try FileManager.default.copyItem(atPath: kept, toPath: keys)
    XCTAssertTrue(eventually(within: 15) { count("keys.json has changed") == 1 }, site.logs)
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: token)).status, 200)
    XCTAssertEqual(try site.command(["reload"]).status, 0)

    let moved = "\(site.folder)/moved"
    try FileManager.default.moveItem(atPath: site.data, toPath: moved)
    try FileManager.default.copyItem(atPath: moved, toPath: site.data)
    XCTAssertTrue(
      eventually(within: 15) { count("the data folder is not the one") == 1 }, site.logs)
    usleep(6_000_000)
    XCTAssertEqual(count("the data folder is not the one"), 1)
    XCTAssertEqual(count("keys.json has changed"), 1)
    XCTAssertEqual(try site.ask(.login("alice")).status, 503)
    XCTAssertEqual(try site.command(["reload"]).status, 0)
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  private func contents(_ folder: String) throws -> [String: Date] {
    let manager = FileManager.default
    return try manager.subpathsOfDirectory(atPath: folder).reduce(into: [:]) { dates, name in
      dates[name] =
        try manager.attributesOfItem(atPath: "\(folder)/\(name)")[.modificationDate] as? Date
    }
  }
}
