import Foundation
import TestSupport
import XCTest

/// A disk that fills up under the running service, and is made room on.
final class DiskReserveTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testF35_F6_J4_aFullDiskStopsSignInsBeforeRefreshes() throws {
    let site = try makeInstallation(
      .init(settings: ["POSTERN_DISK_RESERVE": "1"], isThrottled: true, hasDemo: false))
    try FileManager.default.createDirectory(
      atPath: site.data, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    // The reserve is the MiB of the setting: a tenth of the disk is more.
    try XCTSkipUnless(try mountSmallDisk(site.data, size: "16m"), "only root may mount a disk")
    defer {
      site.stop()
      unmount(site.data)
    }
    XCTAssertEqual(try site.command(["demo"]).status, 0)
    try site.start()
    var token = try site.login("alice").refreshToken
    let bob = try site.login("bob")
    let link = try linkToken(for: "carol", site)
    // The spare file of a document is made at its second change.
    token = try refreshed(token, site)
    let bobs = try refreshed(bob.refreshToken, site)

    let filler = "\(site.data)/filler"
    try fill(filler, leaving: 900 << 10, of: site.data)
    waitForNews()
    let before = try documents(site)
    for name in ["alice", "nobody"] {
      let refused = try site.ask(.login(name, HTTPCall.demoPassword))
      XCTAssertEqual(refused.said, "503 The service is unavailable for the moment")
      XCTAssertEqual(refused["Retry-After"], "30")
    }
    XCTAssertEqual(try documents(site), before, "nothing is counted or kept")
    XCTAssertTrue(eventually(within: 15) { site.postern?.log.contains("disk.reserve") == true })
    // A line for each refusal would take what is left.
    let log = try XCTUnwrap(site.postern?.log)
    XCTAssertEqual(log.components(separatedBy: "disk.reserve").count, 2, log)
    XCTAssertFalse(log.contains("store_full"), log)
    let add = try site.command(
      ["user", "add", "dora", "--email", "d@example.com"], input: "wind over the cedar gate\n")
    XCTAssertNotEqual(add.status, 0)
    XCTAssertTrue(add.output.contains("reserve"), add.output)
    XCTAssertEqual(try site.ask(.get("/healthz")).status, 200)

    // Down to the last block.
    try fill(filler, leaving: 0, of: site.data)
    for _ in 0..<10 { token = try refreshed(token, site) }
    let out = try site.ask(.post("/logout", json: ["refreshToken": bobs]))
    XCTAssertEqual(out.status, 204)
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: bob.accessToken)).status, 401)
    XCTAssertEqual(try site.ask(.login("alice")).status, 503)

    try FileManager.default.removeItem(atPath: filler)
    waitForNews()
    XCTAssertEqual(try site.ask(.login("bob")).status, 200)
    XCTAssertEqual(
      try site.ask(.post("/link", json: ["token": link, "newPassword": HTTPCall.goodPassword]))
        .status, 204)
    XCTAssertTrue(eventually(within: 15) { site.postern?.log.contains("room again") == true })
    _ = try refreshed(token, site)
    XCTAssertEqual(try site.command(["check"]).status, 0)
  }

  /// Each worker asks the file system once a second.
  private func waitForNews() { usleep(1_200_000) }

  private func refreshed(_ token: String, _ site: Installation) throws -> String {
    let answer = try site.ask(.refresh(token))
    XCTAssertEqual(answer.status, 200, answer.said)
    return answer.refreshToken
  }

  private func linkToken(for name: String, _ site: Installation) throws -> String {
    let (status, output) = try site.command(["user", "link", name])
    XCTAssertEqual(status, 0, output)
    return output.split(separator: "#").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
  }

  /// The names and sizes of all files but the filler, `health/` and the sweep's.
  private func documents(_ site: Installation) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: site.data).filter { path in
      path != "filler" && !path.hasPrefix("health")
    }.map { path in
      let size = try FileManager.default.attributesOfItem(atPath: "\(site.data)/\(path)")[.size]
      return "\(path) \(size ?? 0)"
    }.sorted()
  }

  /// Makes the file so much larger that so many bytes of the disk are left.
  private func fill(_ path: String, leaving bytes: Int, of folder: String) throws {
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    let file = try XCTUnwrap(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder)
    let free = try XCTUnwrap(attributes[.systemFreeSize] as? NSNumber).intValue
    try file.write(contentsOf: Data(count: free - bytes))
    try file.close()
  }
}
