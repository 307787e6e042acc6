import Foundation
import Logging
import SystemCalls
import TestSupport
import Tokens
import XCTest

@testable import Postern

final class SupervisorTests: TemporaryFolderTestCase {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  func testH18_anyTimeFitsIntoWhatPollTakes() {
    for (duration, milliseconds) in [
      (.seconds(-1), 0), (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1_500), 1_500),
      (.seconds(30 * 86_400), Int32.max), (.seconds(Int64.max), Int32.max),
    ] as [(Duration, Int32)] {
      XCTAssertEqual(Supervisor.milliseconds(duration), milliseconds, "\(duration)")
    }
  }

  func testH16_newRunFolderLetsTheGroupThroughAndOneThatIsThereStaysAsItIs() throws {
    let run = "\(folder)/run"
    let mask = umask(0o077)
    defer { umask(mask) }
    for mode in [0o750, 0o700] {
      _ = try supervisor(run: run)
      let attributes = try FileManager.default.attributesOfItem(atPath: run)
      XCTAssertEqual(attributes[.posixPermissions] as? Int, mode)
      chmod(run, 0o700)
    }
  }

  private func supervisor(run: String, socketTimeout: Duration = .zero) throws -> Supervisor {
    let configuration = try PosternConfiguration.load(
      file: nil, environment: ["POSTERN_RUN": run])
    let keys = KeyFile(access: try .random(), refresh: try .random())
    return try Supervisor(
      configuration: configuration,
      inheritance: Inheritance(settings: configuration.settings, keys: keys), options: [],
      logger: logger, socketTimeout: socketTimeout)
  }

  func testQ7_runFolderThatOthersMayWriteToIsRefusedAndNothingIsPutThere() throws {
    for mode: mode_t in [0o777, 0o1777, 0o770, 0o702] {
      chmod(folder, mode)
      XCTAssertThrowsError(try supervisor(run: folder)) {
        XCTAssertEqual(
          "\($0)",
          "the run folder \(folder) can be written to by others (mode 0\(String(mode, radix: 8)))")
      }
      XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
    }
  }

  func testQ7_runFolderOfAnotherUserIsRefusedAndNothingIsPutThere() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can give folders away")
    chown(folder, 65534, 65534)
    XCTAssertThrowsError(try supervisor(run: folder)) {
      XCTAssertEqual(
        "\($0)", "the run folder \(folder) belongs to another user (uid 65534)")
    }
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
  }

  func testQ7_lockOfOthersOnAnOlderPidFileDoesNotStopTheStart() throws {
    let path = "\(folder)/postern.pid"
    try Data("1\n".utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, 0o644)
    let stranger = try System.open(path, O_RDONLY)
    XCTAssertTrue(try System.tryLock(stranger))
    let supervisor = try supervisor(run: folder)
    XCTAssertEqual(try System.status(ofPath: path).map { $0.st_mode & 0o7777 }, 0o600)
    withExtendedLifetime((stranger, supervisor)) {}
  }

  func testH13_socketKeepsASecondOneAwayWhereThePidFileCannot() throws {
    let path = "\(folder)/postern.pid"
    let first = try supervisor(run: folder)
    // As an earlier version that is still running made it.
    chmod(path, 0o644)
    let before = try System.status(ofPath: path)?.st_ino
    XCTAssertThrowsError(try supervisor(run: folder)) {
      XCTAssertTrue("\($0)".hasSuffix("another process listens here"), "\($0)")
    }
    XCTAssertEqual(try System.status(ofPath: path)?.st_ino, before)
    unlink(path)
    XCTAssertThrowsError(try supervisor(run: folder))
    XCTAssertEqual(
      try files(), ["control.sock", "postern.metrics", "postern.sock"],
      "the one that was refused leaves nothing")
    withExtendedLifetime(first) {}
  }

  func testM3_sweepGetsNoSecretOfTheTokens() throws {
    let program = "\(folder)/program"
    try Data(
      "#!/bin/sh\necho \"$@\" >'\(folder)/output'; cat /proc/self/fd/4 >>'\(folder)/output'; env >>'\(folder)/output'\n"
        .utf8
    )
    .write(to: URL(fileURLWithPath: program))
    chmod(program, 0o700)
    let secrets = ["POSTERN_TOKENS_ACCESS_SECRET", "POSTERN_TOKENS_REFRESH_SECRET"]
    for name in secrets + ["POSTERN_TEST"] { setenv(name, "value", 1) }
    defer { for name in secrets + ["POSTERN_TEST"] { unsetenv(name) } }

    var sweeper = Sweeper(interval: .nanoseconds(1))
    let plan = WorkerPlan(
      configuration: try .load(file: nil, environment: [:]), program: try System.pin(program),
      inheritance: try System.anonymousFile("test", Array("inherited\n".utf8)),
      data: try DataState(of: .load(file: nil, environment: [:])))
    sweeper.startIfDue(plan, named: program, logger)
    var end: ProcessEnd?
    for _ in 0..<20_000 where end == nil {
      usleep(500)
      end = try System.endedChild()?.end
    }
    XCTAssertEqual(end, .exited(status: 0))
    let environment = try String(contentsOfFile: "\(folder)/output", encoding: .utf8)
    XCTAssertTrue(
      environment.hasPrefix("sweep --gently --supervised\ninherited\n"), environment)
    XCTAssertTrue(environment.contains("POSTERN_TEST=value"), environment)
    for name in secrets { XCTAssertFalse(environment.contains(name), environment) }
  }

  func testF11_workerRefusesADataFolderThatOthersMayWriteTo() async throws {
    let configuration = try PosternConfiguration.load(
      file: nil, environment: ["POSTERN_DATA": folder])
    chmod(folder, 0o777)
    let keys = KeyFile(access: try .random(), refresh: try .random())
    for keys in [nil, keys] {
      do {
        _ = try await Services(configuration: configuration, logger: logger, keys: keys)
        XCTFail("started on a folder of everybody's")
      } catch {
        XCTAssertEqual("\(error)", "\(folder): can be written to by others (mode 0777)")
      }
    }
    XCTAssertEqual(try files(), [])
  }

  func testM6_aWorkerWithKeysOfItsSupervisorReadsAndMakesNone() async throws {
    let configuration = try PosternConfiguration.load(
      file: nil, environment: ["POSTERN_DATA": folder])
    let keys = KeyFile(access: try .random(), refresh: try .random())
    let services = try await Services(configuration: configuration, logger: logger, keys: keys)
    XCTAssertEqual(services.keys, keys)
    XCTAssertEqual(try files(), [])
  }

  func testM3_M6_whatIsInheritedHoldsAllSettingsAndKeys() throws {
    let configuration = try PosternConfiguration.load(
      file: nil,
      environment: [
        "POSTERN_TOKENS_GRACE": "7", "POSTERN_CORS_ALLOWED_ORIGINS": "https://a.example",
        "POSTERN_TOKENS_AUDIENCE": "b",
      ])
    let keys = KeyFile(
      access: KeySet(signing: try .random(), verifying: [try .random()], retired: ["x"]),
      refresh: try .random())
    let file = try Inheritance(settings: configuration.settings, keys: keys).file()
    for _ in 0..<2 {
      let inheritance = try Inheritance(from: file)
      XCTAssertEqual(inheritance.settings.values, configuration.settings.values)
      XCTAssertEqual(inheritance.keys, keys)
    }
    XCTAssertThrowsError(try Inheritance(from: FileDescriptor(-1)))
  }

  func testF32_aProgramThatDoesNotKnowOfItIsNoNextSupervisor() throws {
    let configuration = try PosternConfiguration.load(file: nil, environment: [:])
    let keys = KeyFile(access: try .random(), refresh: try .random())
    let file = try Inheritance(settings: configuration.settings, keys: keys).file()
    XCTAssertEqual(
      try Inheritance(from: file).supervisorVersion, SupervisorState.version)
    let path = "/proc/self/fd/\(file.number)"
    let object = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: path)))
    var content = try XCTUnwrap(object as? [String: Any])
    content["supervisor"] = nil
    let earlier = try System.anonymousFile(
      "test", [UInt8](JSONSerialization.data(withJSONObject: content)))
    XCTAssertNil(try Inheritance(from: earlier).supervisorVersion)
  }
}
