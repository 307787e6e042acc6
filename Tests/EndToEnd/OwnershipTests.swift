import Foundation
import Glibc
import XCTest

/// What commands do where other users of the machine could have their hands in a folder or a file.
final class OwnershipTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let commands = [
    ["serve"], ["check"], ["sweep"], ["demo"], ["user", "list"],
    ["user", "add", "dora", "--email", "dora@example.com"],
  ]
  private static let stranger: uid_t = 65534

  private func assertRefuses(
    _ site: Installation, _ reason: String, by commands: [[String]] = commands, line: UInt = #line
  ) throws {
    for command in commands {
      let child = try ChildProcess(
        Repository.program(), command, environment: site.environment,
        input: HTTPCall.goodPassword + "\n",
        log: "\(site.run)/refused.log", isFresh: true)
      // Where it is not refused, it may not end by itself.
      defer { child.stop() }
      let status = try child.waitForEnd()
      XCTAssertTrue((1..<128).contains(status), "\(command): \(status)", line: line)
      XCTAssertTrue(child.log.contains(reason), "\(command): \(child.log)", line: line)
    }
  }

  private func skipUnlessRoot() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can give files away")
  }

  private func contents(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  }

  func testF11_everyCommandRefusesADataFolderThatOthersMayChangeAndLeavesItAlone() throws {
    for hasDemo in [true, false] {
      let site = try makeInstallation(.init(hasDemo: hasDemo))
      mkdir(site.data, 0o700)
      let before = try contents(site.data)
      chmod(site.data, 0o777)
      try assertRefuses(site, "\(site.data): can be written to by others (mode 0777)")
      chmod(site.data, 0o700)
      if geteuid() == 0 {
        chown(site.data, Self.stranger, Self.stranger)
        try assertRefuses(site, "\(site.data): belongs to another user (uid 65534)")
      }
      XCTAssertEqual(try contents(site.data), before)
    }
  }

  func testM2_keysOfAnotherUserStopTheStartAndCheckNamesThem() throws {
    try skipUnlessRoot()
    let site = try makeInstallation()
    try site.startPostern()
    site.stop()
    chown("\(site.data)/keys.json", Self.stranger, Self.stranger)
    try assertRefuses(
      site, "keys.json: belongs to another user (uid 65534)", by: [["serve"], ["check"]])
  }

  func testQ7_runFolderThatOthersMayChangeStopsTheStartAndNothingIsPutThere() throws {
    let site = try makeInstallation()
    let around = "\(site.folder)/around"
    let run = "\(around)/run"
    mkdir(around, 0o755)
    mkdir(run, 0o700)
    func refusal() throws -> String {
      let serve = try site.serve(settings: ["POSTERN_RUN": run], log: "refused.log")
      defer { serve.stop() }
      XCTAssertTrue((1..<128).contains(try serve.waitForEnd()))
      XCTAssertEqual(try contents(run), [])
      return serve.log
    }
    chmod(run, 0o770)
    XCTAssertTrue(try refusal().contains("\(run) can be written to by others (mode 0770)"))
    chmod(run, 0o700)
    chmod(around, 0o777)
    XCTAssertTrue(try refusal().contains("\(run) could be swapped for another"))
    chmod(around, 0o755)
    try skipUnlessRoot()
    chown(run, Self.stranger, Self.stranger)
    XCTAssertTrue(try refusal().contains("\(run) belongs to another user (uid 65534)"))
  }

  func testQ7_lockOfAStrangerOnAnOlderPidFileDoesNotStopTheStart() throws {
    let site = try makeInstallation()
    try Data("1\n".utf8).write(to: URL(fileURLWithPath: site.pidPath))
    chmod(site.pidPath, 0o644)
    let stranger = open(site.pidPath, O_RDONLY | O_CLOEXEC)
    defer { close(stranger) }
    XCTAssertEqual(flock(stranger, LOCK_EX | LOCK_NB), 0)
    try site.startPostern()
    XCTAssertEqual(site.pidInFile, site.postern?.id)
  }

  func testQ8_everyCommandRefusesSettingsThatOthersMayWriteTo() throws {
    let site = try makeInstallation()
    // Commands of an installation work in its run folder.
    let path = "\(site.run)/postern.json"
    try Data(#"{"tokens.issuer": "canary"}"#.utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, 0o666)
    try assertRefuses(site, "postern.json can be written to by others (mode 0666)")
    chmod(path, 0o644)
    if geteuid() == 0 {
      chown(path, Self.stranger, Self.stranger)
      try assertRefuses(site, "postern.json belongs to another user (uid 65534)")
    }
    unlink(path)
    XCTAssertEqual(mkfifo(path, 0o600), 0)
    try assertRefuses(site, "postern.json is not a regular file")
    XCTAssertFalse(try contents(site.run).contains("postern.sock"))
  }
}
