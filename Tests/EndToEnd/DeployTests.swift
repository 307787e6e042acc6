import Foundation
import XCTest

/// What is in Deploy, tried with the programs that it is for.
final class DeployTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func deploy(_ path: String) -> String { "\(Repository.folder)/Deploy/\(path)" }

  func testPromtoolTakesTheAlertsAndTheirTestsPass() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    for arguments in [
      ["promtool", "check", "rules", deploy("prometheus/rules.yml")],
      ["promtool", "test", "rules", deploy("prometheus/rules-test.yml")],
    ] {
      let (status, output) = try runProgram(arguments, in: site.run)
      XCTAssertEqual(status, 0, output)
      XCTAssertTrue(output.contains("SUCCESS"), output)
    }
  }

  func testFail2banFindsEachRefusedSignInAndNothingElse() throws {
    for format in ["text", "json", "auto"] {
      let site = try makeInstallation(
        .init(
          settings: [
            "POSTERN_LOG_FORMAT": format, "POSTERN_LOG_LEVEL": "trace",
            "POSTERN_LOG_REQUESTS": "true",
          ], isThrottled: true))
      try site.start()
      let token = try site.login("alice").refreshToken
      XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
      // Names that would like to pass for other lines.
      let names = [
        "alice", "nobody", #"","address":"198.51.100.1","event":"login.failed"#,
        "x address=198.51.100.1 event=login.failed", "a\n2027-01-01T00:00:00Z notice x",
      ]
      for name in names { XCTAssertEqual(try site.ask(.login(name, "wrong")).status, 400) }
      for _ in 0..<20 { _ = try site.ask(.login("carol", "wrong")) }
      XCTAssertEqual(try site.ask(.login("carol", "wrong")).status, 429)
      _ = try site.ask(.get("/current-user", bearer: "x address=198.51.100.1 event=login.failed"))
      let count = names.count + 21

      let (status, output) = try runProgram(
        [
          "fail2ban-regex", "-v", "\(site.run)/postern.log",
          deploy("fail2ban/postern.filter.conf"),
        ], in: site.run)
      XCTAssertEqual(status, 0, output)
      XCTAssertTrue(output.contains("Failregex: \(count) total"), "\(format)\n\(output)")
      XCTAssertEqual(
        output.components(separatedBy: "   127.0.0.1  ").count - 1, count, "\(format)\n\(output)")
      XCTAssertFalse(output.contains("198.51.100.1  "), output)
      site.stop()
    }
  }

  func testTheJailNamesTheFilterAndBoundsThatFail2banReads() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let folder = "\(site.run)/fail2ban"
    for path in ["filter.d", "jail.d", "action.d"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(
      atPath: deploy("fail2ban/postern.filter.conf"), toPath: "\(folder)/filter.d/postern.conf")
    try FileManager.default.copyItem(
      atPath: deploy("fail2ban/postern.jail.conf"), toPath: "\(folder)/jail.d/postern.conf")
    for name in [
      "fail2ban.conf", "jail.conf", "paths-debian.conf", "paths-common.conf", "action.d",
    ] {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      try FileManager.default.copyItem(
        atPath: "/etc/fail2ban/\(name)", toPath: "\(folder)/\(name)")
    }
    let (status, output) = try runProgram(
      ["fail2ban-client", "-c", folder, "-d"], in: site.run)
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("['set', 'postern', 'maxretry', 30]"), output)
    XCTAssertTrue(output.contains("login\\\\.(?:failed|throttled)"), output)
  }
}
