import Foundation
import XCTest

/// Docs/cookbook/spawn-fcgi.md, with and without the mode of the socket.
final class SpawnFCGITests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  /// What nginx, as another user than the worker, answers to a sign-in.
  private func signIn(_ command: String) throws -> (status: Int, log: String) {
    let site = try makeInstallation()
    let filled = try command.replacing([
      "/run/postern/postern.sock": site.socketPath, "/usr/bin/postern": Repository.program(),
    ])
    let worker = try ChildProcess(
      "/bin/sh", ["-c", "exec \(filled)"], environment: site.environment, umask: "022",
      log: "\(site.run)/postern.log")
    defer { worker.stop() }
    guard eventually(within: 20, { FileManager.default.fileExists(atPath: site.socketPath) }) else {
      throw Trouble("spawn-fcgi: \(worker.log)")
    }
    let port = try freePort()
    let configuration = try site.nginxConfiguration(port: port)
      .replacing(["user \(NSUserName());": "user www-data;"])
    let nginx = try site.runNginx(configuration)
    defer { nginx.stop() }
    let options = Curl.json(#"{"username":"alice","password":"postern-demo"}"#)
    var status = 0
    _ = eventually(within: 20) {
      status = (try? Curl("http://127.0.0.1:\(port)/login", options, folder: site.run).status) ?? 0
      return status != 0
    }
    let log = try String(contentsOfFile: "\(site.run)/nginx-error.log", encoding: .utf8)
    return (status, log + worker.log)
  }

  func testX8_H16_nginxGetsToTheSocketByItsModeAndElseAnswers502() throws {
    try XCTSkipUnless(geteuid() == 0, "nginx has to be another user")
    let command = try Repository.lines(of: "Docs/cookbook/spawn-fcgi.md", in: "sh")
      .trimmingCharacters(in: .newlines)
    let good = try signIn(command)
    XCTAssertEqual(good.status, 200, good.log)
    let bad = try signIn(command.replacing([" -M 0660": ""]))
    XCTAssertEqual(bad.status, 502, bad.log)
    XCTAssertTrue(bad.log.contains("failed (13: Permission denied)"), bad.log)
  }

  func testTheReadmesCommandHasTheMode() throws {
    let readme = try String(contentsOfFile: "\(Repository.folder)/README.md", encoding: .utf8)
    let lines = readme.split(separator: "\n").filter { $0.hasPrefix("spawn-fcgi ") }
    XCTAssertEqual(lines.count, 1)
    XCTAssertTrue(lines.allSatisfy { $0.contains(" -M 0660 ") }, "\(lines)")
  }
}
