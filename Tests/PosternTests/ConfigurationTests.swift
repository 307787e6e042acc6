import Foundation
import Logging
import Postern
import Sessions
import TestSupport
import Tokens
import XCTest

final class ConfigurationTests: TemporaryFolderTestCase {
  private func load(
    _ json: String = "{}", _ environment: [String: String] = [:]
  ) throws -> PosternConfiguration {
    let path = "\(folder)/postern.json"
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    return try .load(file: path, environment: environment)
  }

  func testDefaultsAreThoseOfTheContract() throws {
    let configuration = try load()
    XCTAssertEqual(configuration.data, "./data")
    XCTAssertEqual(configuration.run, "./run")
    XCTAssertEqual(configuration.workers, ProcessInfo.processInfo.activeProcessorCount)
    XCTAssertNil(configuration.accessSecret)
    XCTAssertNil(configuration.refreshSecret)
    XCTAssertEqual(configuration.accessLifetime, 900)
    XCTAssertEqual(configuration.issuer, "postern")
    XCTAssertNil(configuration.audience)
    XCTAssertEqual(configuration.sessions, SessionPolicy())
    XCTAssertTrue(configuration.isThrottleEnabled)
    XCTAssertEqual(configuration.disabledModules, [])
    XCTAssertEqual(configuration.logLevel, .info)
  }

  func testFileComesBeforeTheDefaultsAndTheEnvironmentBeforeTheFile() throws {
    let json = #"{"tokens":{"grace":10,"accessLifetime":60},"sessions":{"limit":3},"data":"/d"}"#
    let file = try load(json)
    XCTAssertEqual(file.sessions.grace, 10)
    XCTAssertEqual(file.accessLifetime, 60)
    XCTAssertEqual(file.sessions.limit, 3)
    XCTAssertEqual(file.data, "/d")

    let both = try load(json, ["POSTERN_TOKENS_GRACE": "0", "POSTERN_DATA": "/e"])
    XCTAssertEqual(both.sessions.grace, 0)
    XCTAssertEqual(both.data, "/e")
    XCTAssertEqual(both.accessLifetime, 60)
  }

  func testEveryNameOfTheContractSetsItsSetting() throws {
    let secret = "tFINdzCsR4OydRGuFsIsdq2caZK3gacGYsdrNW1h"
    let configuration = try load(
      "{}",
      [
        "POSTERN_DATA": "/data", "POSTERN_RUN": "/run", "POSTERN_WORKERS": "7",
        "POSTERN_STORE": "file", "POSTERN_TOKENS_ACCESS_SECRET": secret,
        "POSTERN_TOKENS_REFRESH_SECRET": secret + "r", "POSTERN_TOKENS_ACCESS_LIFETIME": "61",
        "POSTERN_TOKENS_REFRESH_LIFETIME": "62", "POSTERN_SESSIONS_LIFETIME": "63",
        "POSTERN_TOKENS_GRACE": "4", "POSTERN_SESSIONS_LIMIT": "2",
        "POSTERN_SESSIONS_WHEN_FULL": "evict-oldest", "POSTERN_MODULES_DISABLED": "jobs,login",
        "POSTERN_LOG_LEVEL": "debug", "POSTERN_THROTTLE_ENABLED": "false",
      ])
    XCTAssertEqual(configuration.data, "/data")
    XCTAssertEqual(configuration.run, "/run")
    XCTAssertEqual(configuration.workers, 7)
    XCTAssertEqual(
      configuration.accessSecret, try KeySecret(text: secret, type: AccessClaims.type))
    XCTAssertEqual(
      configuration.refreshSecret, try KeySecret(text: secret + "r", type: RefreshClaims.type))
    XCTAssertEqual(configuration.accessLifetime, 61)
    XCTAssertEqual(
      configuration.sessions,
      SessionPolicy(
        limit: 2, whenFull: .evictOldest, grace: 4, refreshLifetime: 62, sessionLifetime: 63))
    XCTAssertEqual(configuration.disabledModules, ["jobs", "login"])
    XCTAssertEqual(configuration.logLevel, .debug)
    XCTAssertFalse(configuration.isThrottleEnabled)
  }

  func testListsComeByCommasAndAsArrays() throws {
    for text in ["jobs,current-user", "jobs, current-user"] {
      XCTAssertEqual(
        try load("{}", ["POSTERN_MODULES_DISABLED": text]).disabledModules.map {
          $0.trimmingCharacters(in: .whitespaces)
        }, ["jobs", "current-user"], text)
    }
    XCTAssertEqual(try load("{}", ["POSTERN_MODULES_DISABLED": "jobs"]).disabledModules, ["jobs"])
    XCTAssertEqual(
      try load(#"{"modules":{"disabled":["jobs","login"]}}"#).disabledModules, ["jobs", "login"])
  }

  func testEmptyVariableIsNoneAndOthersAreNobodysBusiness() throws {
    let configuration = try load(
      #"{"tokens":{"grace":10}}"#,
      [
        "POSTERN_TOKENS_GRACE": "", "POSTERN_TOKENS_AUDIENCE": "", "POSTERN_PORT": "8080",
        "POSTERN_UNHEARD_OF": "x", "PATH": "/bin", "TOKENS_GRACE": "5",
      ])
    XCTAssertEqual(configuration.sessions.grace, 10)
    XCTAssertNil(configuration.audience)
  }
}
