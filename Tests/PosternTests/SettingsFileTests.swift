import Configuration
import Foundation
import TestSupport
import XCTest

@testable import Postern

final class SettingsFileTests: TemporaryFolderTestCase {
  private var path: String { "\(folder)/postern.json" }

  func testNestedObjectsBecomeDottedNames() throws {
    let json = """
      {"data": "/d", "workers": 3, "throttle": {"enabled": false},
       "tokens": {"grace": 0, "issuer": "1"}, "modules": {"disabled": ["jobs", "login"]}}
      """
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    let values = try SettingsFile(path: path, isOptional: false).values
    XCTAssertEqual(
      values,
      [
        "data": .string("/d"), "workers": .int(3), "throttle.enabled": .bool(false),
        "tokens.grace": .int(0), "tokens.issuer": .string("1"),
        "modules.disabled": .stringArray(["jobs", "login"]),
      ])
  }

  func testDottedNamesMayAlsoStandAsTheyAre() throws {
    try Data(#"{"tokens.grace": 5}"#.utf8).write(to: URL(fileURLWithPath: path))
    XCTAssertEqual(
      try SettingsFile(path: path, isOptional: false).values, ["tokens.grace": .int(5)])
  }

  func testMissingFileIsEmptyOnlyWhereItMayBeMissing() throws {
    XCTAssertEqual(try SettingsFile(path: path, isOptional: true).values, [:])
    XCTAssertThrowsError(try SettingsFile(path: path, isOptional: false))
  }

  func testFileThatIsThereMustBeReadableEvenWhereItMayBeMissing() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    XCTAssertThrowsError(try SettingsFile(path: path, isOptional: true)) {
      XCTAssertEqual("\($0)", "\(path) cannot be read")
    }
  }
}
