import Foundation
import TestSupport
import XCTest

@testable import Postern

final class StoreAddressTests: TemporaryFolderTestCase {
  func testTheSettingNamesAFolderOrServers() throws {
    XCTAssertEqual(try StoreAddress("file"), .dataFolder)
    XCTAssertEqual(try StoreAddress("file:/srv/a"), .folder("/srv/a"))
    XCTAssertEqual(try StoreAddress("/srv/a"), .folder("/srv/a"))
    XCTAssertEqual(try StoreAddress("./a"), .folder("./a"))
    XCTAssertEqual(try StoreAddress("file:a"), .folder("a"))
    for url in [
      "redis://db", "redis+unix:///run/redis.sock", "redis+sentinel://a,b/main",
      "redis+cluster://a,b", "postgresql://db/postern", "postgres://db/postern",
    ] { XCTAssertTrue(try StoreAddress(url).isShared, url) }
    XCTAssertFalse(try StoreAddress("file:/srv/a").isShared)
  }

  func testTheFolderIsThatOfTheSetting() throws {
    var configuration = try PosternConfiguration.load(
      values: ["data": "/d", "store": "file:/e"], modules: [])
    XCTAssertEqual(configuration.documentFolder, "/e")
    configuration.store = .dataFolder
    XCTAssertEqual(configuration.documentFolder, "/d")
    configuration.store = try StoreAddress("redis://db")
    XCTAssertNil(configuration.documentFolder)
  }

  func testV7_aPasswordIsTakenFromTheEnvironmentOrAFileAndNotFromACommandLine() throws {
    for url in [
      "redis://:canary@db", "redis://me:canary@db", "postgresql://me:canary@db/a",
      "postgresql://db/a?password=canary", "postgresql://db/a?sslpassword=canary",
    ] {
      XCTAssertThrowsError(try StoreAddress(argument: url, of: "--to")) { error in
        XCTAssertTrue("\(error)".hasPrefix("--to: all users"), "\(error)")
        XCTAssertFalse("\(error)".contains("canary"))
      }
      let path = "\(folder)/url"
      try Data("\(url)\nmore".utf8).write(to: URL(fileURLWithPath: path))
      chmod(path, 0o600)
      XCTAssertEqual(try StoreAddress(argument: "@\(path)", of: "--to"), try StoreAddress(url))
    }
    XCTAssertEqual(
      try StoreAddress(argument: "postgresql://me@db/a", of: "--to"),
      try StoreAddress("postgresql://me@db/a"))
    setenv("POSTERN_TEST_URL", "redis://:canary@db", 1)
    defer { unsetenv("POSTERN_TEST_URL") }
    XCTAssertEqual(
      try StoreAddress(argument: "env:POSTERN_TEST_URL", of: "--to"),
      try StoreAddress("redis://:canary@db"))
    XCTAssertThrowsError(try StoreAddress(argument: "env:POSTERN_NO_URL", of: "--to"))
    XCTAssertThrowsError(try StoreAddress(argument: "@\(folder)/none", of: "--to"))
  }
}
