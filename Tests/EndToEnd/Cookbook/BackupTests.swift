import Foundation
import Synchronization
import TestSupport
import XCTest

/// Docs/cookbook/backup.md, by its own lines.
final class BackupTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let page = "Docs/cookbook/backup.md"

  private func run(_ command: String, in folder: String) throws -> (status: Int32, output: String) {
    let child = try ChildProcess(
      "/bin/sh", ["-ec", command], log: "\(folder)/sh.log", isFresh: true)
    return (try child.waitForEnd(seconds: 60), child.log)
  }

  /// The lines for backups, as they would be typed.
  private func backUp(_ site: Installation, to backup: String) throws -> (Int32, String) {
    try run(
      Repository.lines(of: Self.page, in: "sh").replacing([
        "/var/lib/postern/": "\(site.data)/", "/backup/postern": backup,
        " postern check": " '\(Repository.program())' check",
      ]), in: site.run)
  }

  /// By the other tools that the page names, into a folder of their own.
  private func copyOtherwise(_ site: Installation, round: Int) throws -> (Int32, String) {
    let copy = "\(site.folder)/copy"
    let tool =
      round.isMultiple(of: 2)
      ? "cp -a '\(site.data)' '\(copy)' || true"
      : "mkdir '\(copy)'; (tar -C '\(site.data)' -cf - . || test $? = 1) | tar -C '\(copy)' -xpf -"
    let check = "POSTERN_DATA='\(copy)' '\(try Repository.program())' check"
    return try run("rm -rf '\(copy)'; \(tool); chmod 700 '\(copy)'; \(check)", in: site.run)
  }

  /// What the lines for restores make of `backup`: a data folder.
  private func restore(
    _ backup: String, to data: String, without lines: [String] = []
  ) throws -> (Int32, String) {
    var text = try Repository.lines(of: Self.page, in: "sh", number: 1)
    for line in lines { text = try text.replacing([line: ""]) }
    return try run(
      text.replacing([
        "systemctl stop postern": "", "systemctl start postern": "", "/var/lib/postern": data,
        "/backup/postern": backup, "runuser -u postern -- ": "",
        " postern check": " '\(Repository.program())' check",
      ]), in: (data as NSString).deletingLastPathComponent)
  }

  func testABackupUnderLoadIsCleanAndARestoreOfItServes() throws {
    let site = try makeInstallation()
    try site.start()
    let names = (0..<6).map { "user-\($0)" }
    for name in names { try site.addUser(name) }
    let isOver = Mutex(false)
    let refreshes = Mutex(0)
    let load = Thread {
      onThreads(names.count) { number in
        var token = (try? site.login(names[number]).refreshToken) ?? ""
        while !isOver.withLock({ $0 }) {
          guard let answer = try? site.ask(.refresh(token)), answer.status == 200 else { return }
          token = answer.refreshToken
          let count = refreshes.withLock {
            $0 += 1
            return $0
          }
          guard count.isMultiple(of: 7) else { continue }
          _ = try? site.ask(.post("/logout", json: ["refreshToken": token]))
          token = (try? site.login(names[number]).refreshToken) ?? ""
        }
      }
      isOver.withLock { $0 = false }
    }
    load.start()
    XCTAssertTrue(eventually(within: 30) { refreshes.withLock { $0 } > 20 }, site.logs)
    let backup = "\(site.folder)/backup"
    let rounds = Repository.isLongRun ? 200 : 20
    var mended = 0
    for round in 1...rounds {
      let before = refreshes.withLock { $0 }
      var (status, output) = try backUp(site, to: backup)
      // The page says: the same lines again.
      for _ in 0..<3 where status != 0 {
        mended += 1
        (status, output) = try backUp(site, to: backup)
      }
      XCTAssertEqual(status, 0, "round \(round): \(output)")
      (status, output) = try copyOtherwise(site, round: round)
      for _ in 0..<3 where status != 0 {
        mended += 1
        (status, output) = try copyOtherwise(site, round: round)
      }
      XCTAssertEqual(status, 0, "round \(round): \(output)")
      XCTAssertTrue(
        eventually(within: 10) { refreshes.withLock { $0 } > before },
        "nothing was written meanwhile")
    }
    isOver.withLock { $0 = true }
    XCTAssertTrue(eventually(within: 30) { !isOver.withLock { $0 } })
    print("backups: \(rounds), mended: \(mended), refreshes: \(refreshes.withLock { $0 })")
    site.stop()

    let data = "\(site.folder)/restored"
    let (status, output) = try restore(backup, to: data)
    XCTAssertEqual(status, 0, output)
    let restored = try makeInstallation(.init(settings: ["POSTERN_DATA": data], hasDemo: false))
    try restored.start()
    for name in names + ["alice"] { _ = try restored.login(name) }
  }

  func testF34_N8_aRestoreEndsAllSessionsByTheRuleAndElseTheEndedOnesLiveAgain() throws {
    let site = try makeInstallation()
    try site.start()
    let rotated = try site.login("alice").refreshToken
    let ended = try site.login("bob").refreshToken
    let backup = "\(site.folder)/backup"
    let (made, trouble) = try backUp(site, to: backup)
    XCTAssertEqual(made, 0, trouble)
    let current = try site.ask(.refresh(rotated)).refreshToken
    XCTAssertEqual(try site.ask(.post("/logout", json: ["refreshToken": ended])).status, 204)
    site.stop()

    for (name, left) in [
      ("by-the-rule", []),
      ("without", ["rm -rf /var/lib/postern/tokens /var/lib/postern/links"]),
    ] {
      let data = "\(site.folder)/\(name)"
      let (status, output) = try restore(backup, to: data, without: left)
      XCTAssertEqual(status, 0, output)
      let restored = try makeInstallation(.init(settings: ["POSTERN_DATA": data], hasDemo: false))
      try restored.start()
      let ofCurrent = try restored.ask(.refresh(current)).said
      let ofEnded = try restored.ask(.refresh(ended)).status
      if left.isEmpty {
        XCTAssertEqual(ofCurrent, "403 There is no refresh token for the user")
        XCTAssertEqual(ofEnded, 403)
      } else {
        XCTAssertEqual(ofCurrent, "403 Refresh token is wrong")
        XCTAssertEqual(ofEnded, 200, "the reason for the rule")
      }
      XCTAssertEqual(try restored.ask(.login("alice")).status, 200)
      restored.stop()
    }
  }
}
