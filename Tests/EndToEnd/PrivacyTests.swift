import Foundation
import XCTest

/// What must never be found in a file.
final class PrivacyTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private let password = "canary-\(UUID().uuidString)"

  func testN1_N3_noPasswordAndNoTokenStandsInAnyFileOrLog() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_LOG_LEVEL": "trace"]))
    try site.addUser("canary", password: password)
    try site.start()
    let (accesses, refreshes) = try useEverything(site)

    var needles = [(password, "the password")]
    for (tokens, kind) in [(accesses, "access token"), (refreshes, "refresh token")] {
      for token in tokens {
        let parts = token.split(separator: ".").map(String.init)
        needles += [(token, "an \(kind)"), (parts[1], "claims of an \(kind)")]
        needles += [(parts[2], "the signature of an \(kind)")]
      }
    }
    site.stop()
    for path in try FileManager.default.subpathsOfDirectory(atPath: site.folder) {
      guard let data = FileManager.default.contents(atPath: "\(site.folder)/\(path)") else {
        continue
      }
      for (needle, what) in needles {
        XCTAssertNil(data.range(of: Data(needle.utf8)), "\(path) holds \(what)")
      }
    }
    let hash = try document("users", "canary", of: site)
    XCTAssertTrue(hash.contains("$argon2id$"), hash)
    XCTAssertFalse(site.logs.contains("$argon2id$"))
    XCTAssertTrue(site.logs.contains("refresh token reused"), site.logs)
  }

  /// Every outcome there is, the bad ones too; returns all tokens that were seen.
  private func useEverything(
    _ site: Installation
  ) throws -> (accesses: [String], refreshes: [String]) {
    let signIn = try site.login("canary", password)
    var answers = [signIn]
    for _ in 0..<10 {
      answers.append(try site.ask(.refresh(answers[answers.count - 1].refreshToken)))
    }
    let accesses = answers.map(\.accessToken), refreshes = answers.map(\.refreshToken)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: accesses[0])).status, 200)
    XCTAssertEqual(try site.ask(.refresh(signIn.refreshToken)).status, 403)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: accesses[0])).status, 401)

    _ = try site.ask(.get("/job-list?token=\(accesses[0])", bearer: refreshes[0]))
    _ = try site.ask(.get("/job-list", bearer: accesses[0] + "x"))
    _ = try site.ask(.get("/nothing?\(refreshes[0])").with("Cookie", "a=\(refreshes[0])"))
    _ = try site.ask(.login(password, password))
    _ = try site.ask(.login("canary", password + "x"))
    _ = try site.ask(.refresh(refreshes[3] + "x"))
    _ = try site.ask(.refresh(accesses[3]))
    var broken = HTTPCall.login("canary", password)
    broken.body.removeLast()
    _ = try site.ask(broken)
    broken.headers = [("Content-Type", "text/plain")]
    _ = try site.ask(broken)
    return (accesses, refreshes)
  }

  func testV7_noSecretStandsInTheCommandLineOfAnyProcess() throws {
    let secret = "a-secret-of-the-environment-\(UUID().uuidString)"
    let site = try makeInstallation(.init(settings: ["POSTERN_TOKENS_ACCESS_SECRET": secret]))
    try site.start()
    for process in site.workers + [try XCTUnwrap(site.postern).id] {
      let line = ProcessTable.text("cmdline", of: process)
      XCTAssertTrue(line.contains("serve") || line.contains("worker"), line)
      XCTAssertFalse(line.contains(secret))
    }
  }

  private func document(_ collection: String, _ key: String, of site: Installation) throws -> String
  {
    let path = try XCTUnwrap(
      FileManager.default.subpathsOfDirectory(atPath: "\(site.data)/\(collection)")
        .first { $0.hasSuffix("/\(key).json") })
    return try String(contentsOfFile: "\(site.data)/\(collection)/\(path)", encoding: .utf8)
  }
}
