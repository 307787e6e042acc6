import Foundation
import XCTest

/// Docs/cookbook/new-host.md: the data folder goes along, or its keys are left behind.
final class NewHostTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func copy(_ site: Installation, to data: String) throws {
    let line = try XCTUnwrap(
      Repository.lines(of: "Docs/cookbook/new-host.md", in: "sh").split(separator: "\n")
        .first { $0.hasPrefix("rsync ") })
    let command = try String(line).replacing([
      "new.example.com:/var/lib/postern/": "'\(data)/'", " /var/lib/postern/ ": " '\(site.data)/' ",
    ])
    let child = try ChildProcess("/bin/sh", ["-c", command], log: "\(site.run)/rsync.log")
    XCTAssertEqual(try child.waitForEnd(), 0, child.log)
  }

  func testM6_withItsKeysTheNewHostKnowsEverySessionAndWithoutThemNone() throws {
    let old = try makeInstallation()
    try old.start()
    let tokens = try old.login("alice")
    old.stop()
    let data = "\(old.folder)/moved"
    try copy(old, to: data)
    let new = try makeInstallation(.init(settings: ["POSTERN_DATA": data], hasDemo: false))
    let (status, output) = try new.command(["check"])
    XCTAssertEqual(status, 0, output)
    try new.start()
    XCTAssertEqual(try new.ask(.get("/job-list", bearer: tokens.accessToken)).status, 200)
    let next = try new.ask(.refresh(tokens.refreshToken))
    XCTAssertEqual(next.status, 200)
    new.stop()

    try FileManager.default.removeItem(atPath: "\(data)/keys.json")
    try new.start()
    XCTAssertEqual(try new.ask(.refresh(next.refreshToken)).said, "403 invalid signature")
    XCTAssertEqual(
      try new.ask(.get("/job-list", bearer: next.accessToken)).said, "401 invalid signature")
    XCTAssertEqual(try new.ask(.login("alice")).status, 200)
    new.stop()

    try new.startPostern(settings: ["POSTERN_TOKENS_ISSUER": "another"])
    try new.startNginx()
    let other = try new.login("alice").refreshToken
    new.stop()
    try new.start()
    XCTAssertEqual(try new.ask(.refresh(other)).status, 403, "another issuer")
  }
}
