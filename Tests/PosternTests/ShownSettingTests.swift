import Foundation
import TestSupport
import XCTest

@testable import Postern

/// What `postern config` says of a setting.
final class ShownSettingTests: TemporaryFolderTestCase {
  private static let secret = "tFINdzCsR4OydRGuFsIsdq2caZK3gacGYsdrNW1h"

  private func shown(
    _ name: String, json: String = "{}", _ environment: [String: String] = [:]
  ) throws -> (line: String, json: String) {
    let path = "\(folder)/postern.json"
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    let configuration = try PosternConfiguration.load(file: path, environment: environment)
    let setting = try XCTUnwrap(Setting.own.first { $0.name == name })
    let shown = ShownSetting(setting, in: configuration)
    return ("\(shown.origin(file: "a.json")) \(shown.text)", try Output.jsonLine(shown))
  }

  func testTheSourceIsTheOneWhoseValueIsInForce() throws {
    let file = #"{"tokens":{"grace":10}}"#
    let inDefault = try shown("tokens.grace")
    XCTAssertEqual(inDefault.line, "default 30")
    XCTAssertEqual(inDefault.json, #"{"name":"tokens.grace","source":"default","value":30}"#)
    let inFile = try shown("tokens.grace", json: file, ["POSTERN_TOKENS_GRACE": ""])
    XCTAssertEqual(inFile.line, "a.json 10")
    XCTAssertEqual(inFile.json, #"{"name":"tokens.grace","source":"file","value":10}"#)
    let inBoth = try shown("tokens.grace", json: file, ["POSTERN_TOKENS_GRACE": "5"])
    XCTAssertEqual(inBoth.line, "environment 5")
    XCTAssertEqual(inBoth.json, #"{"name":"tokens.grace","source":"environment","value":5}"#)
    XCTAssertEqual(try shown("tokens.audience").line, "unset –")
    XCTAssertEqual(
      try shown("tokens.audience").json, #"{"name":"tokens.audience","source":"unset"}"#)
  }

  func testEachTypeIsItsOwnInJSON() throws {
    let environment = ["POSTERN_MODULES_DISABLED": "jobs,verify"]
    XCTAssertEqual(try shown("modules.disabled", environment).line, "environment jobs,verify")
    XCTAssertEqual(
      try shown("modules.disabled", environment).json,
      #"{"name":"modules.disabled","source":"environment","value":["jobs","verify"]}"#)
    XCTAssertEqual(
      try shown("throttle.enabled").json,
      #"{"name":"throttle.enabled","source":"default","value":true}"#)
    XCTAssertEqual(
      try shown("data", ["POSTERN_DATA": "/d"]).json,
      #"{"name":"data","source":"environment","value":"/d"}"#)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    XCTAssertEqual(try shown("workers").line, "default \(cores)")
  }

  func testV7_aSecretIsNeverShownAndItsSourceIs() throws {
    let given = try shown("tokens.accessSecret", ["POSTERN_TOKENS_ACCESS_SECRET": Self.secret])
    XCTAssertEqual(given.line, "environment (secret)")
    XCTAssertEqual(
      given.json, #"{"isSecret":true,"name":"tokens.accessSecret","source":"environment"}"#)
    XCTAssertEqual(try shown("tokens.accessSecret").line, "unset –")
  }

  func testV7_aStoreIsShownWithoutItsPassword() throws {
    for (url, text) in [
      ("file", "file"), ("file:/srv/a", "file:/srv/a"),
      ("redis://canary:canary@db:6379/2", "redis://db:6379/2"),
      (
        "postgresql://canary:canary@db,db2/name?password=canary&port=1,2",
        "postgresql://db,db2/name?port=1,2"
      ),
      ("postgres://canary:canary/@canary@db/name", "postgresql://db/name"),
    ] {
      let given = try shown("store", ["POSTERN_STORE": url])
      XCTAssertEqual(given.line, "environment \(text)")
      XCTAssertFalse(given.json.contains("canary"), given.json)
    }
    XCTAssertEqual(try shown("store").json, #"{"name":"store","source":"default","value":"file"}"#)
    XCTAssertTrue(
      ModuleList(standardModules).secretEnvironmentNames.contains("POSTERN_STORE"),
      "a child process does not need it")
  }

  private func shown(_ name: String, _ environment: [String: String]) throws -> (
    line: String, json: String
  ) {
    try shown(name, json: "{}", environment)
  }
}
