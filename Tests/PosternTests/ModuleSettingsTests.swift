import Foundation
import HandlerKit
import TestSupport
import XCTest

@testable import Postern

/// Settings that a module declares: given, checked and shown as Postern's own.
final class ModuleSettingsTests: TemporaryFolderTestCase {
  private struct Module: ServiceModule {
    static let name = "notes"
    static let settings = [
      Setting("notes.limit", 100, "notes that a user may keep"),
      Setting("notes.isOpen", false, "whether anybody may read them"),
      Setting("notes.order", "newest", "newest or oldest"),
      Setting("notes.tags", ["home", "work"], "tags to offer"),
      Setting("notes.key", none: .text, "a key of another service", isSecret: true),
      Setting("notes.copies", none: .number, "copies to keep (default: all)"),
    ]
    init(_ services: Services) {}
    var routes: [Route] { [] }
  }

  private enum Order: String, CaseIterable { case newest, oldest }

  private func settings(
    _ json: String = "{}", _ environment: [String: String] = [:]
  ) throws -> Settings {
    let path = "\(folder)/postern.json"
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    return try PosternConfiguration.load(
      file: path, environment: environment, modules: standardModules + [Module.self]
    ).settings
  }

  func testDefaultsAreOfTheirTypes() throws {
    let settings = try settings()
    XCTAssertEqual(try settings.number("notes.limit"), 100)
    XCTAssertEqual(try settings.flag("notes.isOpen"), false)
    XCTAssertEqual(try settings.choice("notes.order", Order.self), .newest)
    XCTAssertEqual(try settings.list("notes.tags"), ["home", "work"])
    XCTAssertNil(try settings.optionalText("notes.key"))
    XCTAssertNil(try settings.optionalNumber("notes.copies"))
  }

  func testEnvironmentComesBeforeTheFile() throws {
    let json = #"{"notes":{"limit":5,"order":"oldest","tags":[],"copies":2,"isOpen":true}}"#
    let file = try settings(json)
    XCTAssertEqual(try file.number("notes.limit"), 5)
    XCTAssertEqual(try file.choice("notes.order", Order.self), .oldest)
    XCTAssertEqual(try file.list("notes.tags"), [])
    XCTAssertEqual(try file.number("notes.copies"), 2)
    XCTAssertEqual(try file.flag("notes.isOpen"), true)
    let both = try settings(
      json,
      ["POSTERN_NOTES_LIMIT": "6", "POSTERN_NOTES_IS_OPEN": "false", "POSTERN_NOTES_KEY": "k"])
    XCTAssertEqual(try both.number("notes.limit"), 6)
    XCTAssertEqual(try both.flag("notes.isOpen"), false)
    XCTAssertEqual(try both.text("notes.key"), "k")
  }

  func testM8_valueOfTheWrongTypeStopsEveryCommandAndIsNotShown() {
    for (json, environment, name) in [
      (#"{"notes":{"limit":"canary"}}"#, [:], "notes.limit"),
      ("{}", ["POSTERN_NOTES_LIMIT": "canary"], "notes.limit"),
      ("{}", ["POSTERN_NOTES_COPIES": "canary"], "notes.copies"),
      (#"{"notes":{"copies":true}}"#, [:], "notes.copies"),
      (#"{"notes":{"key":1}}"#, [:], "notes.key"),
      ("{}", ["POSTERN_NOTES_KEY": ""], "notes.key is empty"),
      (#"{"notes":{"other":"canary"}}"#, [:], "notes.other"),
    ] as [(String, [String: String], String)] {
      XCTAssertThrowsError(try settings(json, environment), json) {
        XCTAssertTrue("\($0)".contains(name), "\($0)")
        XCTAssertFalse("\($0)".contains("canary"), "\($0)")
      }
    }
  }

  func testM8_refusalsOfTheModuleNameTheSettingAndNotItsValue() throws {
    let settings = try settings(
      #"{"notes":{"limit":5000,"order":"canary"}}"#, ["POSTERN_NOTES_KEY": "canary"])
    XCTAssertThrowsError(try settings.number("notes.limit", in: 1...1_000)) {
      XCTAssertEqual("\($0)", "notes.limit must be a whole number from 1 to 1000")
    }
    XCTAssertThrowsError(try settings.choice("notes.order", Order.self)) {
      XCTAssertEqual("\($0)", "notes.order must be one of newest, oldest")
    }
    XCTAssertThrowsError(try settings.number("notes.key")) {
      XCTAssertEqual("\($0)", "notes.key is not a whole number")
    }
    XCTAssertThrowsError(try settings.text("notes.none")) {
      XCTAssertEqual("\($0)", "notes.none is not given, or no setting")
    }
  }

  func testN1_valuesAreNotPrinted() throws {
    let settings = try settings("{}", ["POSTERN_NOTES_KEY": "canary"])
    var text = "\(settings) \(String(reflecting: settings))"
    dump(settings, to: &text)
    XCTAssertTrue(text.contains("notes.key"), text)
    XCTAssertFalse(text.contains("canary"), text)
  }

  func testHelpShowsThemAndWithholdsSecretsFromTheSweep() {
    let list = ModuleList(standardModules + [Module.self])
    let table = list.settings.table
    for line in [
      "notes that a user may keep [100]", "whether anybody may read them [false]",
      "tags to offer [home,work]", "a key of another service [–]",
    ] {
      XCTAssertTrue(table.contains(line), table)
    }
    let help = ModuleList.$current.withValue(list) { PosternTool.helpMessage(for: Serve.self) }
    XCTAssertTrue(help.contains("POSTERN_NOTES_LIMIT"), help)
    XCTAssertFalse(PosternTool.helpMessage(for: Serve.self).contains("POSTERN_NOTES_LIMIT"))
    let withheld = list.settings.filter(\.isSecret).map(\.environmentName)
    XCTAssertEqual(
      Set(withheld),
      ["POSTERN_TOKENS_ACCESS_SECRET", "POSTERN_TOKENS_REFRESH_SECRET", "POSTERN_NOTES_KEY"])
  }
}
