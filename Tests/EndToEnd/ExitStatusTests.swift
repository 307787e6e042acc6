import Foundation
import Glibc
import XCTest

/// What commands end with, and print for scripts.
final class ExitStatusTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func object(_ output: String) throws -> [String: Any] {
    try XCTUnwrap(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], output)
  }

  private func document(_ site: Installation, _ key: String) throws -> String {
    let names = try FileManager.default.subpathsOfDirectory(atPath: site.data)
    return try XCTUnwrap(names.first { $0.hasSuffix("/\(key).json") })
  }

  func testStatusesAreThoseOfTheDocumentation() throws {
    let site = try makeInstallation()
    let cases: [(arguments: [String], settings: [String: String], status: Int32)] = [
      (["check"], [:], 0), (["config"], [:], 0), (["--help"], [:], 0), (["help", "serve"], [:], 0),
      (["session", "end", "none"], [:], 1), (["session", "list", "nobody"], [:], 1),
      (["nonsense"], [:], 64), (["session", "end"], [:], 64), (["check", "--nonsense"], [:], 64),
      (["session", "end", "one", "--all", "alice"], [:], 64),
      (["check"], ["POSTERN_DATA": "\(site.folder)/none"], 78),
      (["config"], ["POSTERN_WORKERS": "many"], 78),
      (["config"], ["POSTERN_MODULES_DISABLED": "none"], 78),
      (["serve"], ["POSTERN_TOKENS_GRACE": "-1"], 78),
      (["worker"], [:], 78),
      (["config", "--config", "\(site.folder)/none.json"], [:], 78),
    ]
    for (arguments, settings, status) in cases {
      let ended = try site.command(arguments, settings: settings)
      XCTAssertEqual(ended.status, status, "\(arguments): \(ended.output)")
      XCTAssertEqual(ended.output.hasPrefix("Error: "), status != 0, ended.output)
    }
  }

  func testAKeyFileThatCannotBeUsedIsAMatterOfConfiguration() throws {
    let site = try makeInstallation()
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(site.data)/keys.json"))
    chmod("\(site.data)/keys.json", 0o600)
    let serve = try site.serve(log: "refused.log")
    defer { serve.stop() }
    XCTAssertEqual(try serve.waitForEnd(), 78, serve.log)
  }

  func testF19_aBusyStoreIsWorthAnotherTry() throws {
    let site = try makeInstallation()
    let folder = URL(fileURLWithPath: "\(site.data)/\(try document(site, "alice"))")
      .deletingLastPathComponent().path
    let lock = open("\(folder)/.lock", O_RDWR | O_CLOEXEC)
    defer { close(lock) }
    XCTAssertEqual(flock(lock, LOCK_EX), 0)
    XCTAssertEqual(try site.command(["user", "groups", "alice", "ops"]).status, 75)
    XCTAssertEqual(flock(lock, LOCK_UN), 0)
    XCTAssertEqual(try site.command(["user", "groups", "alice", "ops"]).status, 0)
  }

  func testCheckAsJSONHasTheCountsAndEachFault() throws {
    let site = try makeInstallation()
    let good = try site.command(["check", "--json"])
    XCTAssertEqual(good.status, 0)
    XCTAssertEqual(good.output, #"{"bad":0,"faults":[],"good":6,"leftovers":0}"# + "\n")
    let bob = try document(site, "bob")
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(site.data)/\(bob)"))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(site.data)/keys.json"))
    let bad = try site.command(["check", "--json", "--progress"])
    XCTAssertEqual(bad.status, 1)
    let report = try object(bad.output)
    XCTAssertEqual(report["good"] as? Int, 5)
    XCTAssertEqual(report["bad"] as? Int, 2)
    let faults = try XCTUnwrap(report["faults"] as? [[String: String]])
    XCTAssertEqual(faults.map { $0["document"] }, [bob, "keys.json"])
    XCTAssertEqual(faults.first?["fault"], "cut short")
  }

  func testSweepAsJSONHasTheCounts() throws {
    let site = try makeInstallation(
      .init(settings: [
        "POSTERN_TOKENS_REFRESH_LIFETIME": "1", "POSTERN_TOKENS_ACCESS_LIFETIME": "1",
        "POSTERN_SWEEP_INTERVAL": "0",
      ]))
    try site.start()
    _ = try site.login("alice")
    usleep(1_200_000)
    let (status, output) = try site.command(["sweep", "--json"])
    XCTAssertEqual(status, 0)
    XCTAssertEqual(output, #"{"failures":0,"leftovers":0,"links":0,"sessions":1}"# + "\n")
  }

  func testV7_configShowsEverySettingAndNoSecret() throws {
    let secret = "tFINdzCsR4OydRGuFsIsdq2caZK3gacGYsdrNW1h"
    let site = try makeInstallation(
      .init(settings: ["POSTERN_TOKENS_ACCESS_SECRET": secret, "POSTERN_TOKENS_GRACE": "7"]))
    let path = "\(site.folder)/settings.json"
    try Data(#"{"tokens":{"issuer":"here","grace":8}}"#.utf8).write(to: URL(fileURLWithPath: path))
    let (status, output) = try site.command(["config", "--config", path])
    XCTAssertEqual(status, 0, output)
    let rows = output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    XCTAssertTrue(rows.contains(["tokens.grace", "environment", "7"]), output)
    XCTAssertTrue(rows.contains(["tokens.issuer", path, "here"]), output)
    XCTAssertTrue(rows.contains(["tokens.accessSecret", "environment", "(secret)"]), output)
    XCTAssertTrue(rows.contains(["sessions.limit", "default", "5"]), output)
    let json = try site.command(["config", "--json", "--config", path]).output
    XCTAssertEqual(json.split(separator: "\n").count, rows.count)
    XCTAssertFalse((output + json).contains(secret))
  }
}
