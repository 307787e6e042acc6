import Foundation
import XCTest

/// libsodium does not do what it should. Another library in front of it (ld.so(8), `LD_PRELOAD`)
/// says so.
final class UnusableLibraryTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  /// The settings that put these functions in the place of libsodium's.
  private func inFront(of site: Installation, _ functions: String...) throws -> [String: String] {
    let source = "\(site.run)/stub.c"
    let library = "\(site.run)/stub.so"
    let text = functions.map { "int \($0)() { return -1; }\n" }.joined()
    try text.write(toFile: source, atomically: true, encoding: .utf8)
    let compiler = try ChildProcess(
      "/usr/bin/env", ["clang", "-shared", "-fPIC", "-w", "-o", library, source],
      log: "\(site.run)/clang.log")
    guard try compiler.waitForEnd(seconds: 60) == 0 else { throw Trouble(compiler.log) }
    return ["LD_PRELOAD": library]
  }

  func testJ13_whereNoHashCanBeComputedNobodySignsInAndOthersAreServed() throws {
    let site = try makeInstallation()
    try site.start()
    let session = try site.login("alice")
    site.stop()
    let stub = try inFront(of: site, "crypto_pwhash", "crypto_pwhash_str")
    try site.startPostern(settings: stub)
    try site.startNginx()
    for (name, password) in [
      ("alice", nil), ("alice", "wrong"), ("nobody", "wrong"), ("nobody", nil),
    ] as [(String, String?)] {
      let answer = try site.ask(.login(name, password))
      XCTAssertEqual(answer.said, "503 The service is unavailable for the moment", name)
      XCTAssertEqual(answer["Retry-After"], "5")
    }
    let refreshed = try site.ask(.refresh(session.refreshToken))
    XCTAssertEqual(refreshed.status, 200)
    let change = HTTPCall.post(
      "/password",
      json: ["currentPassword": HTTPCall.demoPassword, "newPassword": HTTPCall.goodPassword]
    ).with("Authorization", "Bearer \(refreshed.accessToken)")
    XCTAssertEqual(try site.ask(change).status, 503)
    let sessions = try site.ask(.get("/sessions", bearer: refreshed.accessToken))
    XCTAssertEqual(sessions.list.count, 1, "no session but the one from before")
    XCTAssertTrue(site.logs.contains("no memory to hash a password"), site.logs)
    let add = try site.command(
      ["user", "add", "dora", "--email", "d@example.com"], input: HTTPCall.goodPassword + "\n",
      settings: stub)
    XCTAssertNotEqual(add.status, 0, add.output)

    site.stop()
    try site.start()
    XCTAssertEqual(try site.login("alice").status, 200)
  }

  func testJ13_whereLibsodiumCannotBeUsedTheStartIsRefused() throws {
    let site = try makeInstallation()
    let serve = try site.serve(settings: inFront(of: site, "sodium_init"), log: "refused.log")
    defer { serve.stop() }
    let status = try serve.waitForEnd()
    XCTAssertTrue((1..<128).contains(status), "\(status): refused, not crashed")
    XCTAssertTrue(serve.log.contains("libsodium"), serve.log)
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
  }
}
