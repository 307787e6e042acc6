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

  private func contents(_ folder: String) throws -> [String: Date] {
    let manager = FileManager.default
    return try manager.subpathsOfDirectory(atPath: folder).reduce(into: [:]) { dates, name in
      dates[name] =
        try manager.attributesOfItem(atPath: "\(folder)/\(name)")[.modificationDate] as? Date
    }
  }
}
