import Foundation
import Glibc
import XCTest

/// `script/server` as a newcomer starts it, but for the build.
final class ServerScriptTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testServer_isReadyWhenItSaysSoAndLeavesNothingBehind() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let port = try freePort()
    let script = try server(of: site, port: port, log: "server.log")
    defer { script.stop() }
    let ready = "Postern is ready at http://localhost:\(port)"
    XCTAssertTrue(
      eventually(within: 60) { !script.isRunning || script.log.contains(ready) }, script.log)
    let connection = try HTTPConnection(port: port)
    XCTAssertEqual(try connection.ask(.login("alice")).status, 200, script.log)

    // A second one over the same run folder goes, and leaves the first as it is.
    let configuration = FileManager.default.contents(atPath: "\(site.run)/server/nginx.conf")
    let second = try server(of: site, port: freePort(), log: "second.log")
    defer { second.stop() }
    XCTAssertEqual(try second.waitForEnd(), 1)
    XCTAssertTrue(second.log.lowercased().contains("another postern"), second.log)
    XCTAssertFalse(second.log.contains("is ready"), second.log)
    XCTAssertEqual(
      FileManager.default.contents(atPath: "\(site.run)/server/nginx.conf"), configuration)
    XCTAssertEqual(try HTTPConnection(port: port).ask(.login("alice")).status, 200)

    script.send(SIGINT)
    XCTAssertEqual(try script.waitForEnd(), 0, script.log)
    XCTAssertThrowsError(try HTTPConnection(port: port))
    let left = try FileManager.default.contentsOfDirectory(atPath: "\(site.run)/server")
    XCTAssertEqual(left.filter { $0.hasSuffix(".sock") || $0.hasSuffix(".pid") }, [])
  }

  func testQ7_theRunFolderIsForItsOwnerAndGroupWhateverTheUmask() throws {
    for umask in ["000", "077"] {
      let site = try makeInstallation()
      let script = try server(of: site, run: "\(site.run)/a/b", umask: umask)
      defer { script.stop() }
      assertReady(script)
      for (name, mode) in [("a", umask == "000" ? 0o755 : 0o700), ("a/b", 0o750)] {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(site.run)/\(name)")
        XCTAssertEqual(attributes[.posixPermissions] as? Int, mode, "umask \(umask): \(name)")
      }
    }
  }

  func testQ7_aRunFolderOfAnotherUserIsRefusedAndNothingInItTouched() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can give a folder away")
    let site = try makeInstallation()
    let folder = try makeFolder("\(site.folder)/foreign", mode: 0o755)
    try plantLinks(in: folder, to: site)
    chown(folder, 65_534, 65_534)
    let link = "\(site.folder)/link"
    symlink(folder, link)
    for path in [folder, link] {
      try assertRefused(site, path, "belongs to another user")
    }
  }

  func testQ7_aRunFolderThatOthersMayWriteInIsRefused() throws {
    let site = try makeInstallation()
    for mode: mode_t in [0o770, 0o757, 0o1777] {
      let folder = try makeFolder("\(site.folder)/\(mode)", mode: mode)
      try plantLinks(in: folder, to: site)
      try assertRefused(site, folder, "Others may write in")
    }
  }

  func testQ7_nothingIsWrittenThroughALinkInTheRunFolder() throws {
    let site = try makeInstallation()
    let folder = try makeFolder("\(site.folder)/own", mode: 0o700)
    try plantLinks(in: folder, to: site)
    for name in ["nginx-error.log", "nginx-access.log", "nginx.pid", "nginx-body"] {
      let link = "\(folder)/\(name)"
      symlink(victim(of: site), link)
      try assertRefused(site, folder, "\(name) is a link")
      unlink(link)
    }
    // Through a link to the folder, it is that folder all the same.
    symlink(folder, "\(site.folder)/link")
    let script = try server(of: site, run: "\(site.folder)/link")
    defer { script.stop() }
    assertReady(script)
    XCTAssertEqual(try String(contentsOfFile: victim(of: site), encoding: .utf8), "whole")
    let configuration = try FileManager.default.attributesOfItem(atPath: "\(folder)/nginx.conf")
    XCTAssertEqual(configuration[.type] as? FileAttributeType, .typeRegular)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    XCTAssertEqual(names.filter { $0.hasPrefix("nginx.conf") }, ["nginx.conf"])
  }

  /// Whoever can read a file can lock it: a lock says something only where nobody else can read it.
  func testQ7_aLockOnAPidFileThatOthersCanReadIsLeftToPostern() throws {
    let site = try makeInstallation()
    let folder = try makeFolder("\(site.folder)/own", mode: 0o755)
    for (mode, isTrusted) in [(0o644, false), (0o640, false), (0o600, true)] as [(mode_t, Bool)] {
      let file = "\(folder)/postern.pid"
      try "1\n".write(toFile: file, atomically: true, encoding: .utf8)
      chmod(file, mode)
      let lock = open(file, O_RDONLY | O_CLOEXEC)
      defer { close(lock) }
      XCTAssertEqual(flock(lock, LOCK_EX | LOCK_NB), 0)
      let script = try server(of: site, run: folder, log: "lock-\(mode).log")
      defer { script.stop() }
      if isTrusted { XCTAssertEqual(try script.waitForEnd(), 1) }
      let isRefused = eventually(within: isTrusted ? 0 : 10) {
        !script.isRunning || script.log.contains("is ready")
      }
      XCTAssertTrue(isRefused, script.log)
      XCTAssertEqual(script.log.contains("Another Postern runs in"), isTrusted, script.log)
    }
  }

  // MARK: - Steps

  private func victim(of site: Installation) -> String { "\(site.folder)/victim" }

  private func makeFolder(_ path: String, mode: mode_t) throws -> String {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    chmod(path, mode)
    return path
  }

  /// What somebody else may have put into a folder before: links to a file that is not theirs.
  private func plantLinks(in folder: String, to site: Installation) throws {
    try "whole".write(toFile: victim(of: site), atomically: true, encoding: .utf8)
    for name in ["nginx.conf", "ready"] { symlink(victim(of: site), "\(folder)/\(name)") }
  }

  private func assertRefused(
    _ site: Installation, _ run: String, _ reason: String, line: UInt = #line
  ) throws {
    let before = try FileManager.default.contentsOfDirectory(atPath: run)
    let script = try server(of: site, run: run, log: "refused.log")
    defer { script.stop() }
    XCTAssertEqual(try script.waitForEnd(), 1, script.log, line: line)
    XCTAssertTrue(script.log.contains(reason), script.log, line: line)
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: run), before, line: line)
    XCTAssertEqual(
      try String(contentsOfFile: victim(of: site), encoding: .utf8), "whole", line: line)
  }

  private func assertReady(_ script: ChildProcess, line: UInt = #line) {
    XCTAssertTrue(
      eventually(within: 60) { !script.isRunning || script.log.contains("is ready") }, line: line)
    XCTAssertTrue(script.log.contains("is ready"), script.log, line: line)
  }

  private func server(
    of site: Installation, run: String? = nil, port: UInt16? = nil, umask: String? = nil,
    log: String = "server.log"
  ) throws -> ChildProcess {
    try ChildProcess(
      "\(Repository.folder)/script/server", [],
      environment: [
        "POSTERN_PROGRAM": try Repository.program(),
        "POSTERN_PORT": "\(try port ?? freePort())",
        "POSTERN_DATA": site.data, "POSTERN_RUN": run ?? "\(site.run)/server",
      ], umask: umask, log: "\(site.run)/\(log)")
  }
}
