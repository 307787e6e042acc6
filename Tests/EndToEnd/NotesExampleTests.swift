import Foundation
import XCTest

/// `Examples/Notes`, a program with a module of its own: whole, behind nginx.
final class NotesExampleTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func made(_ settings: [String: String] = [:]) throws -> Installation {
    try makeInstallation(.init(settings: settings, program: Repository.notesProgram()))
  }

  private func add(_ text: String, _ site: Installation, _ token: String) throws -> HTTPAnswer {
    try site.ask(
      .post("/notes", json: ["text": text]).with("Authorization", "Bearer \(token)"))
  }

  func testHelpShowsItsSettingWithItsDefault() throws {
    let (status, help) = try made().command(["serve", "--help"])
    XCTAssertEqual(status, 0, help)
    let line = help.split(separator: "\n").first { $0.contains("POSTERN_NOTES_LIMIT") }
    XCTAssertEqual(line?.hasSuffix("notes that a user may keep [100]"), true, help)
  }

  func testM8_settingThatCannotBeUsedStopsTheStart() throws {
    let site = try made()
    for (value, reason) in [
      ("0", "notes.limit must be a whole number from 1 to 200"),
      ("many", "notes.limit must be a whole number"),
    ] {
      let (status, output) = try site.command(
        ["serve"], settings: ["POSTERN_NOTES_LIMIT": value])
      XCTAssertNotEqual(status, 0)
      XCTAssertTrue(output.contains(reason), output)
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
  }

  func testSettingOfTheFileIsKnownAndAMisspeltOneIsRefused() throws {
    let site = try made()
    let file = "\(site.folder)/settings.json"
    for (name, isKnown) in [("limit", true), ("limits", false)] {
      try Data(#"{"notes":{"\#(name)":7}}"#.utf8).write(to: URL(fileURLWithPath: file))
      for command in [["check"], ["sweep"], ["user", "list"]] {
        let (status, output) = try site.command(command + ["--config", file])
        XCTAssertEqual(status == 0, isKnown, output)
        XCTAssertEqual(output.contains("unknown setting: notes.limits"), !isKnown, output)
      }
    }
  }

  func testLimitHoldsForAllWorkersAtOnce() throws {
    let site = try made(["POSTERN_NOTES_LIMIT": "3"])
    try site.start()
    let token = try site.login("alice").accessToken
    let call = HTTPCall.post("/notes", json: ["text": "a note"])
      .with("Authorization", "Bearer \(token)")
    let statuses = try site.askAtOnce(Array(repeating: call, count: 12)).map(\.status)
    XCTAssertEqual(statuses.filter { $0 == 201 }.count, 3, "\(statuses)")
    XCTAssertEqual(statuses.filter { $0 == 409 }.count, 9, "\(statuses)")
    let notes = try site.ask(.get("/notes?word=note", bearer: token)).list
    XCTAssertEqual(notes.count, 3)
    let id = try XCTUnwrap(notes.first?["id"] as? String)
    XCTAssertEqual(
      try site.ask(.get("/notes/\(id)", bearer: token)).json["text"] as? String, "a note")
    XCTAssertEqual(try site.ask(.get("/notes/\(id)")).status, 401)
  }

  func testF13_damagedNotesAreReportedByCheckAndKeepNobodyElseAway() throws {
    let site = try made()
    try site.start()
    let alice = try site.login("alice").accessToken
    let bob = try site.login("bob").accessToken
    for token in [alice, bob] { XCTAssertEqual(try add("a note", site, token).status, 201) }
    let good = try site.command(["check"])
    XCTAssertEqual(good.output, "10 good, 0 bad\n")

    let user = try XCTUnwrap(site.ask(.get("/current-user", bearer: alice)).json["id"] as? String)
    let names = try FileManager.default.subpathsOfDirectory(atPath: "\(site.data)/notes")
    let name = try XCTUnwrap(names.first { $0.hasSuffix("/\(user).json") })
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(site.data)/notes/\(name)"))
    let (status, output) = try site.command(["check"])
    XCTAssertEqual(status, 1)
    XCTAssertEqual(output, "notes/\(name): cut short\n9 good, 1 bad\n")
    XCTAssertEqual(try site.ask(.get("/notes", bearer: alice)).status, 503)
    XCTAssertEqual(try site.ask(.get("/notes", bearer: bob)).list.count, 1)
  }

  func testSweepRemovesWhatKilledWritersLeftAmongTheNotes() throws {
    let site = try made()
    try site.start()
    XCTAssertEqual(try add("a note", site, site.login("alice").accessToken).status, 201)
    let folders = try FileManager.default.contentsOfDirectory(atPath: "\(site.data)/notes")
    let leftover = "\(site.data)/notes/\(try XCTUnwrap(folders.first))/.new-1"
    try Data().write(to: URL(fileURLWithPath: leftover))
    let (status, output) = try site.command(["sweep"])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("1 left-over files"), output)
    XCTAssertFalse(FileManager.default.fileExists(atPath: leftover))
  }
}
