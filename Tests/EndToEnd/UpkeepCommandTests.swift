import Foundation
import XCTest

/// `postern check` and `postern sweep`, beside a running service and without one.
final class UpkeepCommandTests: XCTestCase {
  private var installation: Installation?

  override func tearDownWithError() throws {
    installation?.stop()
    installation?.remove()
  }

  private func made(_ settings: [String: String] = [:]) throws -> Installation {
    let made = try Installation(.init(settings: settings))
    installation = made
    return made
  }

  private func document(_ installation: Installation, _ key: String) throws -> String {
    let names = try FileManager.default.subpathsOfDirectory(atPath: installation.data)
    return try "\(installation.data)/\(XCTUnwrap(names.first { $0.hasSuffix("/\(key).json") }))"
  }

  func testCheckOfAGoodStoreExitsWithZero() throws {
    let (status, output) = try made().command(["check"])
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(output, "6 good, 0 bad\n")
  }

  func testCheckNamesTheBadOneAndExitsWithOne() throws {
    let installation = try made()
    let path = try document(installation, "bob")
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    let (status, output) = try installation.command(["check", "--progress"])
    XCTAssertEqual(status, 1)
    let name = path.dropFirst(installation.data.count + 1)
    XCTAssertEqual(output, "\(name): cut short\n5 good, 1 bad\n")
    XCTAssertEqual(FileManager.default.contents(atPath: path), Data("{}".utf8))
  }

  func testCheckNamesAKeyFileThatCannotBeUsedAndMakesNone() throws {
    let installation = try made()
    let path = "\(installation.data)/keys.json"
    _ = try installation.command(["check"])
    XCTAssertFalse(FileManager.default.fileExists(atPath: path))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    let (status, output) = try installation.command(["check"])
    XCTAssertEqual(status, 1)
    XCTAssertTrue(output.hasPrefix("keys.json: "), output)
  }

  func testServeSweepsByItself() throws {
    let installation = try made([
      "POSTERN_SWEEP_INTERVAL": "1", "POSTERN_TOKENS_REFRESH_LIFETIME": "1",
      "POSTERN_TOKENS_ACCESS_LIFETIME": "1",
    ])
    try installation.start()
    XCTAssertEqual(try installation.ask(.login("alice")).status, 200)
    let tokens = "\(installation.data)/tokens"
    let isSwept = eventually(within: 20) {
      let names = (try? FileManager.default.subpathsOfDirectory(atPath: tokens)) ?? []
      return !names.contains { $0.hasSuffix(".json") }
    }
    XCTAssertTrue(isSwept)
    XCTAssertEqual(try installation.ask(.login("alice")).status, 200)
  }
}
