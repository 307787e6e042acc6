import Foundation
import Synchronization
import XCTest

/// `postern key` beside a running service: which tokens are good at each step.
final class KeyRotationTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func key(
    _ site: Installation, _ arguments: String..., input: String? = nil,
    settings: [String: String] = [:], status: Int32 = 0, line: UInt = #line
  ) throws -> String {
    let (actual, output) = try site.command(["key"] + arguments, input: input, settings: settings)
    XCTAssertEqual(actual, status, output, line: line)
    return output
  }

  /// The keys of one kind, as `key list --json` has them.
  private func keys(_ site: Installation, _ kind: String = "access") throws -> [[String: Any]] {
    let output = try key(site, "list", "--json")
    let rows = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]]
    return try XCTUnwrap(rows).filter { $0["kind"] as? String == kind }
  }

  private func ids(_ site: Installation, _ kind: String = "access") throws -> [String] {
    try keys(site, kind).compactMap { $0["kid"] as? String }
  }

  private func signer(_ site: Installation, _ kind: String = "access") throws -> String {
    try XCTUnwrap(
      keys(site, kind).first { $0["state"] as? String == "active" }?["kid"] as? String)
  }

  private func wasReloaded(_ site: Installation, _ times: Int) -> Bool {
    eventually(within: 20) {
      (site.postern?.log ?? "").components(separatedBy: "reload ended").count - 1 >= times
    }
  }

  // MARK: - Nothing fails

  func testM4_T20_keysOfBothKindsAreRotatedAndTheAlgorithmChangedWhileClientsNoticeNothing() throws
  {
    let site = try makeInstallation()
    try site.start()
    let early = try site.login("alice")
    let load = try RefreshingClients(site)
    defer { _ = load.finish() }
    // Quicker than by default, but slower than a reload.
    let delay = "4"
    for (round, arguments) in [
      ["--algorithm", "ES256"], ["--refresh"], ["--algorithm", "Ed25519"],
      ["--algorithm", "HS256"],
    ].enumerated() {
      let kind = arguments == ["--refresh"] ? "refresh" : "access"
      let before = try signer(site, kind)
      let (status, output) = try site.command(
        ["key", "rotate", "--activate-after", delay] + arguments)
      XCTAssertEqual(status, 0, output)
      XCTAssertTrue(output.contains("event=key.rotated"), output)
      XCTAssertTrue(wasReloaded(site, round + 1), site.logs)
      let new = try XCTUnwrap(ids(site, kind).first)
      XCTAssertNotEqual(new, before)
      XCTAssertTrue(eventually(within: 20) { load.kids.contains(new) }, "\(arguments) \(load.kids)")
      let count = load.count
      XCTAssertTrue(eventually(within: 20) { load.count > count + 200 })
    }
    // What was signed before all of it.
    XCTAssertEqual(
      try site.ask(.get("/current-user", bearer: early.accessToken)).status, 200, site.logs)
    XCTAssertEqual(try site.ask(.refresh(early.refreshToken)).status, 200)
    let result = load.finish()
    print("rotations: \(result) by \(load.kids.count) keys")
    XCTAssertEqual(Set(result.keys), ["200"], site.logs)
    XCTAssertEqual(load.algorithms, ["HS256", "ES256", "Ed25519"])
  }

  func testT20_aKeyEndsAtItsTimeWithoutAReloadAndLeavesTheFileLater() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").accessToken
    let old = try signer(site)
    _ = try key(site, "rotate", "--activate-after", "0", "--no-reload")
    let path = "\(site.data)/keys.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let end = Int(Date().timeIntervalSince1970) + 6
    try Data(text.replacing(try Regex(#""until":\d+"#), with: "\"until\":\(end)").utf8)
      .write(to: URL(fileURLWithPath: path))
    _ = try site.command(["reload"])
    XCTAssertTrue(wasReloaded(site, 1), site.logs)
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: token)).status, 200)
    XCTAssertTrue(
      eventually(within: 15) {
        (try? site.ask(.get("/current-user", bearer: token)).said) == "401 invalid signature"
      })
    XCTAssertGreaterThanOrEqual(Int(Date().timeIntervalSince1970), end)
    for _ in 0..<20 {
      XCTAssertEqual(
        try site.ask(.get("/current-user", bearer: token)).said, "401 invalid signature")
    }
    XCTAssertTrue(try String(contentsOfFile: path, encoding: .utf8).contains("\"until\""))
    _ = try site.command(["reload"])
    XCTAssertTrue(wasReloaded(site, 2), site.logs)
    XCTAssertFalse(try String(contentsOfFile: path, encoding: .utf8).contains("\"until\""))
    XCTAssertTrue(site.postern?.log.contains("event=key.retired kid=\(old)") == true)
  }

  func testM6_keysThatAreChangedWithoutAReloadChangeNothing() throws {
    let site = try makeInstallation()
    try site.start()
    let before = try signer(site)
    let old = try site.login("alice").accessToken
    let output = try key(site, "retire", before, "--now", "--no-reload")
    XCTAssertTrue(output.contains("until \"postern reload\""), output)
    for _ in 0..<20 {
      XCTAssertEqual(try site.ask(.get("/current-user", bearer: old)).status, 200)
      XCTAssertEqual(header(of: try site.login("bob").accessToken)["kid"], before)
    }
    // Also a worker that takes the place of one that died.
    for worker in site.workers { kill(worker, SIGKILL) }
    XCTAssertTrue(
      eventually(within: 10) {
        (try? site.login("bob").accessToken).map(header(of:))?["kid"] == before
      })
  }

  // MARK: - At once

  func testM5_aLeakedKeyOfAccessTokensIsRetiredAtOnceAndClientsRefresh() throws {
    let site = try makeInstallation()
    try site.start()
    let login = try site.login("alice")
    let leaked = try signer(site)
    let output = try key(site, "retire", leaked, "--now")
    XCTAssertTrue(output.contains("Sessions stay"), output)
    XCTAssertTrue(output.contains("event=key.retired kid=\(leaked) kind=access until=now"), output)
    XCTAssertTrue(wasReloaded(site, 1), site.logs)
    for _ in 0..<10 {
      XCTAssertEqual(
        try site.ask(.get("/current-user", bearer: login.accessToken)).said,
        "401 invalid signature")
    }
    let refreshed = try site.ask(.refresh(login.refreshToken))
    XCTAssertEqual(refreshed.status, 200)
    XCTAssertEqual(
      try site.ask(.get("/current-user", bearer: refreshed.accessToken)).status, 200)
    XCTAssertNotEqual(header(of: refreshed.accessToken)["kid"], leaked)
    XCTAssertEqual(try keys(site).map { $0["state"] as? String }, ["active", "retired"])
    _ = try key(site, "retire", leaked, "--now", status: 1)
  }

  func testM5_aLeakedKeyOfRefreshTokensIsRetiredAtOnceAndItsSessionsEnd() throws {
    let site = try makeInstallation()
    try site.start()
    let login = try site.login("alice")
    _ = try site.login("bob")
    let leaked = try signer(site, "refresh")
    let output = try key(site, "retire", leaked, "--now", "--json")
    XCTAssertTrue(output.contains(#""retired":["\#(leaked)"]"#), output)
    XCTAssertTrue(output.contains(#""reloads":true"#), output)
    XCTAssertTrue(wasReloaded(site, 1), site.logs)
    for _ in 0..<10 {
      XCTAssertEqual(try site.ask(.refresh(login.refreshToken)).said, "403 invalid signature")
    }
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: login.accessToken)).status, 200)
    let again = try site.login("alice")
    XCTAssertEqual(try site.ask(.refresh(again.refreshToken)).status, 200)
  }

  func testM5_itIsSaidHowManySessionsEndWithAKey() throws {
    let site = try makeInstallation()
    try site.start()
    for name in ["alice", "alice", "bob"] { _ = try site.login(name) }
    usleep(1_100_000)
    let old = try signer(site, "refresh")
    _ = try key(site, "rotate", "--refresh", "--activate-after", "0")
    XCTAssertTrue(wasReloaded(site, 1), site.logs)
    usleep(1_100_000)
    _ = try site.login("carol")
    XCTAssertTrue(try key(site, "retire", old, "--now").contains("3 sessions end"))
    XCTAssertTrue(wasReloaded(site, 2), site.logs)
    XCTAssertEqual(try ids(site, "refresh").count, 2)
  }

  // MARK: - Public keys

  func testPublicKeysLetOthersVerifyAccessTokens() throws {
    let python = ProcessInfo.processInfo.environment["POSTERN_PYTHON"] ?? ""
    guard !python.isEmpty else {
      throw Trouble("POSTERN_PYTHON does not name a Python with joserfc; script/test does that")
    }
    let site = try makeInstallation()
    XCTAssertTrue(
      try key(site, "add", "--create", "--algorithm", "ES256").contains("Made keys.json"))
    try site.start()
    func assertVerified(_ algorithm: String, line: UInt = #line) throws {
      let login = try site.login("alice")
      let user = try XCTUnwrap((login.json["user"] as? [String: Any])?["id"] as? String)
      let child = try ChildProcess(
        python,
        [
          "\(Repository.folder)/Tests/EndToEnd/verify_token.py",
          "http://127.0.0.1:\(site.port)/.well-known/jwks.json", login.accessToken,
        ], log: "\(site.run)/verify-\(algorithm).log")
      let status = try child.waitForEnd()
      XCTAssertEqual(status, 0, child.log, line: line)
      XCTAssertEqual(
        child.log, "\(algorithm) \(try signer(site)) \(user)\n", line: line)
    }
    try assertVerified("ES256")
    _ = try key(site, "rotate", "--algorithm", "Ed25519", "--activate-after", "0")
    XCTAssertTrue(wasReloaded(site, 1), site.logs)
    try assertVerified("Ed25519")

    let answer = try site.ask(.get("/.well-known/jwks.json").with("Origin", "https://b.example"))
    XCTAssertEqual(answer.values(of: "Cache-Control"), ["public, max-age=60"])
    XCTAssertEqual(answer.values(of: "Content-Type"), ["application/jwk-set+json"])
    XCTAssertEqual(answer.values(of: "Access-Control-Allow-Origin"), [])
    XCTAssertEqual(answer.values(of: "Expires"), [])
    XCTAssertEqual((answer.json["keys"] as? [[String: Any]])?.count, 2)
  }

  // MARK: - The command line

  func testM3_keysOfTheEnvironmentAreListedAndNotChanged() throws {
    let site = try makeInstallation()
    let secrets = [
      "POSTERN_TOKENS_ACCESS_SECRET": "b7Vr0ZqX2mS9dK4tY8wL1cN6fH3jP5gA",
      "POSTERN_TOKENS_REFRESH_SECRET": "Q2x8Lr5TnB9vJ3kW7mD0sF6hZ1cY4pGe",
    ]
    for arguments in [
      ["add"], ["add", "--create"], ["rotate"], ["rotate", "--refresh"], ["add", "--refresh"],
    ] {
      let (status, output) = try site.command(["key"] + arguments, settings: secrets)
      XCTAssertEqual(status, 78, "\(arguments) \(output)")
      for secret in secrets.values { XCTAssertFalse(output.contains(secret)) }
    }
    let list = try key(site, "list", settings: secrets)
    XCTAssertEqual(list.components(separatedBy: "of the environment").count, 3, list)
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(site.data)/keys.json"))
    let kid = try XCTUnwrap(list.split(separator: "\n").last?.split(separator: " ").first)
    let (status, _) = try site.command(
      ["key", "retire", String(kid), "--now"], settings: secrets)
    XCTAssertEqual(status, 78)
  }

  func testKeyCommandsSayWhatCannotBeDoneByTheirExitStatus() throws {
    let site = try makeInstallation()
    _ = try key(site, "rotate", status: 78)
    _ = try key(site, "add", "--create")
    let only = try signer(site)
    let output = try key(site, "retire", only, status: 1)
    XCTAssertTrue(output.contains("postern key rotate"), output)
    _ = try key(site, "retire", "unknown", "--now", status: 1)
    for arguments in [
      ["rotate", "--algorithm", "none"], ["add", "--algorithm", "RS256"], ["retire"],
      ["rotate", "--refresh", "--algorithm", "ES256"], ["rotate", "--activate-after", "-1"],
    ] {
      XCTAssertEqual(try site.command(["key"] + arguments).status, 64, "\(arguments)")
    }
    // A run folder of others, in which no service of ours can be asked.
    chmod(site.run, 0o777)
    let unasked = try key(site, "rotate", status: 75)
    chmod(site.run, 0o750)
    XCTAssertTrue(unasked.contains("the running service has those of before"), unasked)
    XCTAssertEqual(try ids(site).count, 2)
  }

  func testM5_atATerminalItIsAskedBeforeAKeyIsRetiredAtOnce() throws {
    let site = try makeInstallation()
    _ = try key(site, "add", "--create")
    let id = try signer(site)
    for (answer, status) in [("\n", 1), ("no\n", 1), ("y\n", 0)] as [(String, Int32)] {
      let terminal = try PseudoTerminal()
      let child = try site.command(["key", "retire", id, "--now"], at: terminal.inner)
      defer { child.stop() }
      XCTAssertTrue(eventually(within: 10) { child.log.contains("Retire \(id) now? [y/N]") })
      XCTAssertTrue(child.log.contains("clients get 401 and refresh"), child.log)
      XCTAssertEqual(try signer(site), id)
      try terminal.outer.write(contentsOf: Data(answer.utf8))
      XCTAssertEqual(try child.waitForEnd(), status, child.log)
    }
    let next = try signer(site)
    XCTAssertNotEqual(next, id)
    let terminal = try PseudoTerminal()
    let child = try site.command(["key", "retire", next, "--now", "--yes"], at: terminal.inner)
    XCTAssertEqual(try child.waitForEnd(), 0, child.log)
    XCTAssertFalse(child.log.contains("[y/N]"), child.log)
  }

  func testM4_anAddedKeySignsAndTheOthersVerifyWithoutAnEnd() throws {
    let site = try makeInstallation()
    try site.start()
    let before = try site.login("alice")
    let old = try signer(site)
    _ = try key(site, "add", "--algorithm", "ES256", "--activate-after", "3")
    XCTAssertEqual(try keys(site).map { $0["state"] as? String }, ["pending", "active"])
    XCTAssertTrue(wasReloaded(site, 1), site.logs)
    XCTAssertTrue(
      eventually(within: 10) {
        (try? site.login("bob").accessToken).map(header(of:))?["alg"] == "ES256"
      })
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: before.accessToken)).status, 200)
    let rows = try keys(site)
    XCTAssertEqual(rows.map { $0["state"] as? String }, ["active", "verifying"])
    XCTAssertEqual(rows[1]["kid"] as? String, old)
    XCTAssertNil(rows[1]["verifiesUntil"])
    _ = try key(site, "retire", old)
    XCTAssertNotNil(try keys(site)[1]["verifiesUntil"])
    XCTAssertTrue(wasReloaded(site, 2), site.logs)
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: before.accessToken)).status, 200)
  }

  func testV7_noKeyCommandShowsASecret() throws {
    let site = try makeInstallation()
    var outputs = [try key(site, "add", "--create", "--algorithm", "ES256")]
    outputs.append(try key(site, "rotate"))
    outputs.append(try key(site, "rotate", "--refresh", "--json"))
    outputs.append(try key(site, "list"))
    outputs.append(try key(site, "list", "--json"))
    outputs.append(try key(site, "retire", try signer(site), "--now"))
    let text = try String(contentsOfFile: "\(site.data)/keys.json", encoding: .utf8)
    let secrets = text.matches(of: try Regex(#""k":"([^"]+)""#)).compactMap {
      $0.output[1].substring.map(String.init)
    }
    XCTAssertGreaterThanOrEqual(secrets.count, 3)
    for secret in secrets {
      for output in outputs { XCTAssertFalse(output.contains(secret), output) }
    }
  }
}

/// The members of a token's header.
private func header(of token: String) -> [String: String] {
  var text = String(token.prefix { $0 != "." })
    .replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
  while text.count % 4 != 0 { text += "=" }
  let data = Data(base64Encoded: text) ?? Data()
  return (try? JSONSerialization.jsonObject(with: data)) as? [String: String] ?? [:]
}

/// Clients that refresh again and again, and use each access token at once, on connections that any
/// worker may answer.
private final class RefreshingClients: Sendable {
  private struct State {
    var answers: [String: Int] = [:]
    var headers: Set<[String: String]> = []
    var isOver = false
  }

  private let state = Mutex(State())
  private let group = DispatchGroup()

  var count: Int { state.withLock { $0.answers.values.reduce(0, +) } }
  /// The keys that signed what they got.
  var kids: Set<String> { Set(state.withLock { $0.headers }.compactMap { $0["kid"] }) }
  var algorithms: Set<String> { Set(state.withLock { $0.headers }.compactMap { $0["alg"] }) }

  init(_ site: Installation) throws {
    for name in ["alice", "alice", "bob", "bob", "carol", "carol"] {
      group.enter()
      let first = try site.login(name)
      Thread { [self] in
        var tokens = (access: first.accessToken, refresh: first.refreshToken)
        while !state.withLock({ $0.isOver }) {
          do {
            let answer = try site.ask(.refresh(tokens.refresh))
            note(answer.status == 200 ? "200" : "refresh \(answer.said)")
            if answer.status == 200 { tokens = (answer.accessToken, answer.refreshToken) }
            note(header: tokens.access)
            note(header: tokens.refresh)
            for _ in 0..<3 {
              let answer = try site.ask(.get("/current-user", bearer: tokens.access))
              note(answer.status == 200 ? "200" : "read \(answer.said)")
            }
          } catch {
            note("\(error)")
          }
        }
        group.leave()
      }.start()
    }
  }

  private func note(_ answer: String) {
    state.withLock { $0.answers[answer, default: 0] += 1 }
  }

  private func note(header token: String) {
    state.withLock { _ = $0.headers.insert(header(of: token)) }
  }

  /// How many answers there were of each status.
  func finish() -> [String: Int] {
    state.withLock { $0.isOver = true }
    group.wait()
    return state.withLock { $0.answers }
  }
}
