import Foundation
import XCTest

/// Docs/cookbook/upgrade.md: this program and the one before it on one store.
final class UpgradeTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testBothProgramsServeTheSameStoreOneAfterTheOther() throws {
    let named = ProcessInfo.processInfo.environment["POSTERN_EARLIER_PROGRAM"] ?? ""
    try XCTSkipIf(named.isEmpty, "POSTERN_EARLIER_PROGRAM names no program")
    let place = try makeInstallation(.init(program: named))
    var token = try {
      try place.start()
      defer { place.stop() }
      try place.addUser("dora")
      return try place.login("dora").refreshToken
    }()
    let program = try Repository.program()
    for (round, program) in [program, named, program].enumerated() {
      let site = try makeInstallation(
        .init(settings: ["POSTERN_DATA": place.data], hasDemo: false, program: program))
      try site.start()
      let refreshed = try site.ask(.refresh(token))
      XCTAssertEqual(refreshed.status, 200, "round \(round): \(refreshed.text)")
      token = refreshed.refreshToken
      for name in ["alice", "dora"] { _ = try site.login(name) }
      try site.addUser("user-\(round)")
      _ = try site.login("user-\(round)")
      let (status, output) = try site.command(["check"])
      XCTAssertEqual(status, 0, "round \(round): \(output)")
      site.stop()
    }
  }

  /// The lines that put the new program there, on any file that runs.
  func testARunningProgramIsReplacedByRenaming() throws {
    let site = try makeInstallation()
    let program = "\(site.folder)/program"
    try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: program)
    let running = try ChildProcess(program, ["60"], log: "\(site.run)/sleep.log")
    defer { running.stop() }
    let line = try XCTUnwrap(
      Repository.lines(of: "Docs/cookbook/upgrade.md", in: "sh").split(separator: "\n").first)
    let command = try String(line).replacing([
      "postern.new": "/bin/true", "/usr/bin/.postern": "\(site.folder)/.program",
      "/usr/bin/postern": program,
    ])
    let renaming = try ChildProcess("/bin/sh", ["-c", command], log: "\(site.run)/mv.log")
    XCTAssertEqual(try renaming.waitForEnd(), 0, renaming.log)
    XCTAssertTrue(running.isRunning)
    let new = try ChildProcess(program, [], log: "\(site.run)/true.log")
    XCTAssertEqual(try new.waitForEnd(), 0)
  }
}
