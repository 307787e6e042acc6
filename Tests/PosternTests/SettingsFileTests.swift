import Configuration
import Foundation
import Glibc
import TestSupport
import XCTest

@testable import Postern

final class SettingsFileTests: TemporaryFolderTestCase {
  private var path: String { "\(folder)/postern.json" }

  private func settingsFile(_ path: String, isOptional: Bool) throws -> SettingsFile {
    try SettingsFile(path: path, isOptional: isOptional, known: Setting.own.map(\.name))
  }

  func testNestedObjectsBecomeDottedNames() throws {
    let json = """
      {"data": "/d", "workers": 3, "throttle": {"enabled": false},
       "tokens": {"grace": 0, "issuer": "1"}, "modules": {"disabled": ["jobs", "login"]}}
      """
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    let values = try settingsFile(path, isOptional: false).values
    XCTAssertEqual(
      values,
      [
        "data": .text("/d"), "workers": .number(3), "throttle.enabled": .flag(false),
        "tokens.grace": .number(0), "tokens.issuer": .text("1"),
        "modules.disabled": .list(["jobs", "login"]),
      ])
  }

  func testDottedNamesMayAlsoStandAsTheyAre() throws {
    try Data(#"{"tokens.grace": 5}"#.utf8).write(to: URL(fileURLWithPath: path))
    XCTAssertEqual(
      try settingsFile(path, isOptional: false).values, ["tokens.grace": .number(5)])
  }

  func testQ10_aSettingThatIsGivenTwiceIsRefused() throws {
    for json in [
      #"{"tokens": {"grace": 5}, "tokens": {"grace": 6}}"#, #"{"data": "/a", "data": "/b"}"#,
      #"{"data": "/a",}"#, #"{"tokens": {"grace": 5}, "tokens.grace": 6}"#,
      #"{"tokens.grace": 6, "tokens": {"grace": 5}}"#,
    ] {
      try Data(json.utf8).write(to: URL(fileURLWithPath: path))
      assertRefused(path, "is not a JSON object of settings, each given once")
    }
  }

  func testMissingFileIsEmptyOnlyWhereItMayBeMissing() throws {
    XCTAssertEqual(try settingsFile(path, isOptional: true).values, [:])
    XCTAssertThrowsError(try settingsFile(path, isOptional: false))
  }

  func testTheFirstFileThatThereIsCounts() throws {
    let paths = ["first", "second"].map { "\(folder)/\($0)" }
    func values() throws -> [String: SettingValue] {
      try SettingsFile(firstOf: paths, known: Setting.own.map(\.name)).values
    }
    XCTAssertEqual(try values(), [:])
    try Data(#"{"data": "/second"}"#.utf8).write(to: URL(fileURLWithPath: paths[1]))
    XCTAssertEqual(try values(), ["data": .text("/second")])
    try Data("{}".utf8).write(to: URL(fileURLWithPath: paths[0]))
    XCTAssertEqual(try values(), [:])
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: paths[0]))
    XCTAssertThrowsError(try values())
    try FileManager.default.removeItem(atPath: paths[0])
    try FileManager.default.createSymbolicLink(atPath: paths[0], withDestinationPath: "nowhere")
    XCTAssertThrowsError(try values())
  }

  private func assertRefused(
    _ path: String, _ reason: String, isOptional: Bool = true, line: UInt = #line
  ) {
    XCTAssertThrowsError(try settingsFile(path, isOptional: isOptional), line: line) {
      XCTAssertEqual("\($0)", "\(path) \(reason)", line: line)
    }
  }

  func testFileThatIsThereMustBeReadableEvenWhereItMayBeMissing() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    assertRefused(path, "is not a regular file")
    rmdir(path)
    XCTAssertEqual(symlink("\(folder)/none", path), 0)
    assertRefused(path, "cannot be read: open: No such file or directory")
  }

  func testQ8_fileThatOthersMayWriteToIsRefused() throws {
    try Data(#"{"tokens.grace": 5}"#.utf8).write(to: URL(fileURLWithPath: path))
    for mode: mode_t in [0o664, 0o646, 0o666, 0o620, 0o602] {
      chmod(path, mode)
      assertRefused(path, "can be written to by others (mode 0\(String(mode, radix: 8)))")
    }
    for mode: mode_t in [0o600, 0o644, 0o440, 0o400] {
      chmod(path, mode)
      XCTAssertNoThrow(try settingsFile(path, isOptional: true))
    }
  }

  func testQ8_fileOfAnotherUserIsRefusedAndOneOfRootIsNot() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can give files away")
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    chown(path, 65534, 0)
    assertRefused(path, "belongs to another user (uid 65534)")
    chown(path, 0, 65534)
    chmod(folder, 0o711)
    chmod(path, 0o644)
    XCTAssertEqual(seteuid(65534), 0)
    defer { seteuid(0) }
    XCTAssertEqual(try settingsFile(path, isOptional: false).values, [:])
  }

  func testQ8_linkCountsAsTheFileItLeadsTo() throws {
    let file = "\(folder)/elsewhere"
    try Data(#"{"tokens.grace": 5}"#.utf8).write(to: URL(fileURLWithPath: file))
    chmod(file, 0o640)
    XCTAssertEqual(symlink(file, path), 0)
    XCTAssertEqual(
      try settingsFile(path, isOptional: true).values, ["tokens.grace": .number(5)])
    chmod(file, 0o666)
    assertRefused(path, "can be written to by others (mode 0666)")
  }

  func testQ8_pipeDoesNotHangAndADeviceIsNoFile() throws {
    XCTAssertEqual(mkfifo(path, 0o600), 0)
    assertRefused(path, "is not a regular file")
    assertRefused("/dev/zero", "is not a regular file", isOptional: false)
  }

  func testQ8_fileOfMoreThanAMebibyteIsRefused() throws {
    let padding = String(repeating: " ", count: 1 << 20)
    try Data("{}\(padding.dropLast(2))".utf8).write(to: URL(fileURLWithPath: path))
    XCTAssertNoThrow(try settingsFile(path, isOptional: true))
    try Data("{}\(padding.dropLast(1))".utf8).write(to: URL(fileURLWithPath: path))
    assertRefused(path, "is larger than 1048576 bytes")
  }
}
