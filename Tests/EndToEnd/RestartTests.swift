import Foundation
import XCTest

/// Stopping and starting again.
final class RestartTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testE15_sessionsOutliveARestartAndReplayIsStillAnswered() throws {
    let site = try makeInstallation()
    try site.start()
    let signIn = try site.login("alice")
    let current = try site.ask(.refresh(signIn.refreshToken)).refreshToken
    site.stop()
    try site.start()
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: signIn.accessToken)).status, 200)
    let replay = try site.ask(.refresh(signIn.refreshToken))
    XCTAssertEqual(replay.refreshToken, current)
    XCTAssertEqual(try site.ask(.refresh(current)).status, 200)
  }

  func testE15_aRestartDoesNotBeginTheGraceAnew() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_TOKENS_GRACE": "3"]))
    try site.start()
    let first = try site.login("alice").refreshToken
    let current = try site.ask(.refresh(first)).refreshToken
    let replacedAt = ContinuousClock.now
    site.stop()
    usleep(1_500_000)
    try site.start()
    while ContinuousClock.now < replacedAt + .milliseconds(3_100) { usleep(10_000) }
    XCTAssertEqual(try site.ask(.refresh(first)).said, "403 Refresh token is wrong")
    XCTAssertEqual(
      try site.ask(.refresh(current)).said, "403 There is no refresh token for the user")
  }

  func testE15_aRevokedSessionStaysRevokedAfterARestart() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_TOKENS_GRACE": "0"]))
    try site.start()
    let first = try site.login("alice").refreshToken
    let current = try site.ask(.refresh(first)).refreshToken
    XCTAssertEqual(try site.ask(.refresh(first)).said, "403 Refresh token is wrong")
    site.stop()
    try site.start()
    XCTAssertEqual(try site.ask(.refresh(current)).status, 403)
  }

  func testH3_workersLeaveWhenTheSupervisorIsKilledAndAnotherCanStart() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").refreshToken
    let supervisor = try XCTUnwrap(site.postern)
    let workers = site.workers
    supervisor.send(SIGKILL)
    XCTAssertEqual(try supervisor.waitForEnd(), 128 + SIGKILL)
    XCTAssertTrue(
      eventually(within: 10) { workers.allSatisfy { hasEnded($0) } }, "a worker stayed behind")

    try site.startPostern()
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
  }

  func testH3_anotherCanStartWhileTheOldWorkersAreStillLeaving() throws {
    let site = try makeInstallation()
    try site.start()
    let supervisor = try XCTUnwrap(site.postern)
    supervisor.send(SIGKILL)
    _ = try supervisor.waitForEnd()
    try site.startPostern()
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testH3_anotherWaitsForAnOldWorkerToAnswerWhatItHasInHand() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let request = try HeldRequest(site)
    let supervisor = try XCTUnwrap(site.postern)
    supervisor.send(SIGKILL)
    _ = try supervisor.waitForEnd()
    let successor = try site.serve()
    defer { successor.stop() }
    usleep(500_000)
    XCTAssertTrue(successor.isRunning, successor.log)
    request.finish()
    XCTAssertEqual(try request.client.reply().status, 200)
    XCTAssertTrue(
      eventually(within: 10) {
        ProcessTable.children(of: successor.id).count == Installation.workerCount
      }, successor.log)
  }

  /// An edit and a crash would give workers that differ: one in three requests refused.
  func testM6_aReplacedWorkerHasTheSettingsAndKeysOfItsSupervisorsStart() throws {
    let site = try makeInstallation()
    try site.start()
    let login = try site.login("alice")
    let keys = "\(site.data)/keys.json"
    let other = try makeInstallation()
    try other.startPostern()
    other.stop()
    for replace in [true, false] {
      // Other keys, then none; and other settings, then such as nobody can use.
      try FileManager.default.removeItem(atPath: keys)
      if replace {
        try FileManager.default.copyItem(atPath: "\(other.data)/keys.json", toPath: keys)
      }
      let settings = replace ? #"{"tokens.issuer":"other"}"# : "nonsense"
      try Data(settings.utf8).write(to: URL(fileURLWithPath: "\(site.run)/postern.json"))
      chmod("\(site.run)/postern.json", 0o600)

      let before = site.workers
      for victim in before { kill(victim, SIGKILL) }
      XCTAssertTrue(
        eventually(within: 20) {
          site.workers.count == Installation.workerCount
            && Set(site.workers).isDisjoint(with: before)
        }, site.logs)
      XCTAssertTrue(
        eventually(within: 10) {
          (try? site.ask(.get("/current-user", bearer: login.accessToken)).status) == 200
        }, site.logs)
      let answers = try site.askAtOnce(
        Array(repeating: .get("/current-user", bearer: login.accessToken), count: 100))
      XCTAssertEqual(Set(answers.map(\.status)), [200])
      XCTAssertEqual(FileManager.default.fileExists(atPath: keys), replace)
    }
    XCTAssertEqual(try site.ask(.refresh(login.refreshToken)).status, 200)
  }

  func testM3_secretsOfTheEnvironmentAreNotInThatOfWorkers() throws {
    let secret = "access-secret-for-tests-WFzy8zrg52XTLnK4Aa97MfFz40AnJgQyDxzm"
    let site = try makeInstallation(.init(settings: ["POSTERN_TOKENS_ACCESS_SECRET": secret]))
    try site.start()
    XCTAssertEqual(site.workers.count, Installation.workerCount)
    for worker in site.workers {
      let environment = try String(
        decoding: Data(contentsOf: URL(fileURLWithPath: "/proc/\(worker)/environ")), as: UTF8.self)
      XCTAssertTrue(environment.contains("POSTERN_DATA"), environment)
      XCTAssertFalse(environment.contains("SECRET"), "a secret in the environment")
    }
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testH13_aSecondServeOnTheSameFolderRefusesAndTheFirstGoesOn() throws {
    let site = try makeInstallation()
    try site.start()
    let second = try site.serve(log: "second.log")
    XCTAssertNotEqual(try second.waitForEnd(), 0)
    XCTAssertTrue(second.log.contains("another postern is running"), second.log)
    XCTAssertEqual(site.pidInFile, site.postern?.id)
    XCTAssertTrue(FileManager.default.fileExists(atPath: site.socketPath))
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testH14_whatLiesAtTheSocketsPathIsNotDeleted() throws {
    let site = try makeInstallation()
    try Data("precious".utf8).write(to: URL(fileURLWithPath: site.socketPath))
    let serve = try site.serve()
    XCTAssertNotEqual(try serve.waitForEnd(), 0)
    XCTAssertTrue(serve.log.contains("cannot listen"), serve.log)
    XCTAssertEqual(FileManager.default.contents(atPath: site.socketPath), Data("precious".utf8))
  }

  private func hasEnded(_ process: pid_t) -> Bool {
    let state = ProcessTable.state(of: process)
    return state == nil || state == "Z"
  }
}
