import Foundation
import TestSupport
import XCTest

/// `postern reload` waits for the outcome, and says it.
final class ReloadCommandTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testH8_itEndsWhenAllWorkersAreReplacedAndSaysHowMany() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let before = Set(site.workers)
    let (status, output) = try site.command(["reload"])
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(output, "3 workers replaced\n")
    XCTAssertEqual(site.postern?.log.contains("reload ended"), true)
    // The last one may still be about to end.
    XCTAssertTrue(eventually(within: 5) { before.isDisjoint(with: site.workers) })
  }

  func testH8_whereWorkersCannotBeStartedItSaysWhyAndFails() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let before = site.workers
    try FileManager.default.removeItem(atPath: "\(site.data)/keys.json")
    let (status, output) = try site.command(["reload"])
    XCTAssertEqual(status, 1, output)
    XCTAssertTrue(
      output.hasPrefix("reload refused, the workers stay as they are: keys.json is missing"), output
    )
    XCTAssertEqual(site.workers, before)
  }

  func testH8_settingsThatCannotBeUsedAreNamed() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let path = "\(site.run)/postern.json"
    try Data(#"{"tokens":{"grace":-1}}"#.utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, 0o600)
    let (status, output) = try site.command(["reload"])
    XCTAssertEqual(status, 78, output)
    XCTAssertTrue(output.contains("tokens.grace"), output)
  }

  func testH8_whereNewWorkersEndBeforeTheyServeItIsGivenUp() throws {
    let (site, program) = try withProgramOfItsOwn()
    try site.startPostern()
    let before = site.workers
    try replace(program, by: "[ \"$1\" = worker ] && exit 1")
    let (status, output) = try site.command(["reload"])
    XCTAssertEqual(status, 1, output)
    XCTAssertTrue(output.hasPrefix("reload given up, the workers stay"), output)
    XCTAssertEqual(site.workers, before)
  }

  func testH8_reloadsAtOnceAreDoneOneAfterTheOtherAndEachHasItsOutcome() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let before = site.workers
    let commands = try (0..<6).map { number in
      try ChildProcess(
        Repository.program(), ["reload"], environment: site.environment,
        log: "\(site.run)/reload-\(number).log")
    }
    for command in commands {
      XCTAssertEqual(try command.waitForEnd(seconds: 40), 0, command.log)
      XCTAssertEqual(command.log, "3 workers replaced\n")
    }
    let log = try XCTUnwrap(site.postern).log
    let words = log.split(separator: "\n").compactMap { line in
      ["reload started", "reload ended"].first { line.contains($0) }
    }
    XCTAssertGreaterThanOrEqual(words.count, 2)
    for (number, word) in words.enumerated() {
      XCTAssertEqual(word, number.isMultiple(of: 2) ? "reload started" : "reload ended", log)
    }
    XCTAssertTrue(
      eventually(within: 5) {
        site.workers.count == 3 && Set(site.workers).isDisjoint(with: before)
      })
  }

  func testH3_whereTheServiceEndsMeanwhileItSaysSo() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let supervisor = try XCTUnwrap(site.postern)
    kill(supervisor.id, SIGSTOP)
    let command = try ChildProcess(
      Repository.program(), ["reload"], environment: site.environment,
      log: "\(site.run)/reload.log")
    // Its connection has the name of the socket too (/proc/net/unix, proc(5)).
    let control = "\(site.run)/control.sock"
    XCTAssertTrue(
      eventually(within: 20) {
        ProcessTable.text("net/unix", of: getpid())
          .split(separator: "\n").count { $0.hasSuffix(control) } == 2
      })
    usleep(500_000)
    XCTAssertTrue(command.isRunning)
    kill(supervisor.id, SIGKILL)
    XCTAssertEqual(try command.waitForEnd(), 1)
    XCTAssertEqual(command.log, "reload not done: postern ended meanwhile\n")
  }

  func testItDoesNotWaitWhereItIsToldSo() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let before = site.workers
    let (status, output) = try site.command(["reload", "--no-wait"])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("its log says what becomes of it"), output)
    XCTAssertTrue(
      eventually(within: 20) {
        site.workers.count == 3 && Set(site.workers).isDisjoint(with: before)
      })
  }

  func testWithoutARunningServiceTheStatusTellsIt() throws {
    let site = try makeInstallation()
    let (status, output) = try site.command(["reload"])
    XCTAssertEqual(status, 3, output)
  }

  func testQ7_theControlSocketIsForTheServicesUserAloneAndGoneAfterIt() throws {
    let site = try makeInstallation()
    try site.startPostern()
    let path = "\(site.run)/control.sock"
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o600)
    // Clients that say nothing, or nonsense, hold nobody up.
    let silent = try (0..<80).map { _ in try FastCGIClient(path: path) }
    silent[0].send(Array("nonsense\n".utf8))
    XCTAssertTrue(silent[0].isEnded())
    XCTAssertEqual(try site.command(["reload"]).status, 0)
    site.postern?.send(SIGTERM)
    XCTAssertEqual(try site.postern?.waitForEnd(), 0)
    XCTAssertFalse(FileManager.default.fileExists(atPath: path))
  }

  func testSweepsHaveTheSettingsAndTheProgramOfTheLastReload() throws {
    let (site, program) = try withProgramOfItsOwn(["POSTERN_WORKERS": "1"])
    let settings = "\(site.run)/postern.json"
    try Data(#"{"sweep":{"interval":0}}"#.utf8).write(to: URL(fileURLWithPath: settings))
    chmod(settings, 0o600)
    try site.startPostern()
    try Data(#"{"sweep":{"interval":1}}"#.utf8).write(to: URL(fileURLWithPath: settings))
    try replace(program, by: "echo \"$*\" >> '\(site.folder)/calls'")
    XCTAssertEqual(try site.command(["reload"]).status, 0, site.logs)
    XCTAssertTrue(
      eventually(within: 15) {
        let calls = (try? String(contentsOfFile: "\(site.folder)/calls", encoding: .utf8)) ?? ""
        return calls.components(separatedBy: "sweep --gently --supervised\n").count > 2
      }, site.logs)
    XCTAssertFalse(site.postern?.log.contains("Error:") == true, site.logs)
  }

  func testSIGUSR1SaysThatNoFileIsToBeOpenedAgain() throws {
    let site = try makeInstallation()
    try site.startPostern()
    site.postern?.send(SIGUSR1)
    XCTAssertTrue(
      eventually(within: 5) {
        site.postern?.log.contains("the log goes to standard error") == true
      }, site.logs)
  }

  /// An installation whose program is a copy, to be replaced.
  private func withProgramOfItsOwn(
    _ settings: [String: String] = [:]
  ) throws -> (site: Installation, program: String) {
    let program = "\(try makeInstallation().folder)/postern"
    try FileManager.default.copyItem(atPath: Repository.program(), toPath: program)
    return (try makeInstallation(.init(settings: settings, program: program)), program)
  }

  /// Puts a script in its place that does `first` and is the program again after that.
  private func replace(_ program: String, by first: String) throws {
    let script = "#!/bin/sh\n\(first)\nexec '\(try Repository.program())' \"$@\"\n"
    try FileManager.default.removeItem(atPath: program)
    try Data(script.utf8).write(to: URL(fileURLWithPath: program))
    chmod(program, 0o700)
  }
}
