import Foundation
import XCTest

/// `postern session`, beside a running service.
final class SessionCommandTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func started() throws -> Installation {
    let site = try makeInstallation()
    try site.start()
    return site
  }

  private func objects(_ output: String) throws -> [[String: Any]] {
    try output.split(separator: "\n").map {
      try XCTUnwrap(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func list(_ site: Installation, _ arguments: String...) throws -> [[String: Any]] {
    let (status, output) = try site.command(["session", "list", "--json"] + arguments)
    XCTAssertEqual(status, 0, output)
    return try objects(output)
  }

  /// Enough requests at once that every worker gets some.
  private func statuses(_ site: Installation, _ token: String) throws -> Set<Int> {
    let calls = Array(repeating: HTTPCall.get("/job-list", bearer: token), count: 48)
    return Set(try site.askAtOnce(calls).map(\.status))
  }

  func testListHasEachSessionAsTheServiceSeesIt() throws {
    let site = try started()
    XCTAssertEqual(try list(site).count, 0)
    let signIn = try site.ask(.login("alice").with("User-Agent", "Lantern/1.0"))
    _ = try site.login("alice")
    _ = try site.login("bob")
    XCTAssertEqual(try list(site).count, 3)
    XCTAssertEqual(try list(site, "ALICE").count, 2)
    let first = try XCTUnwrap(list(site, "alice").first)
    let answer = try site.ask(.get("/sessions", bearer: signIn.accessToken))
    let shown = try XCTUnwrap(
      (try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [[String: Any]])?.first)
    for field in ["id", "createdAt", "lastUsedAt", "expiresAt", "userAgent", "address"] {
      XCTAssertEqual(first[field] as? String, shown[field] as? String, field)
    }
    XCTAssertEqual(first["user"] as? String, "alice")
    XCTAssertEqual(first["userAgent"] as? String, "Lantern/1.0")
    let lines = try site.command(["session", "list", "alice"]).output.split(separator: "\n")
    XCTAssertEqual(lines.count, 2)
    XCTAssertEqual(lines.first?.split(separator: "\t").count, 7)
    XCTAssertEqual(lines.first?.hasSuffix("\t127.0.0.1\tLantern/1.0"), true)
    XCTAssertEqual(try site.command(["session", "list", "nobody"]).status, 1)
  }

  func testP1_anEndedSessionIsRefusedByTheNextRequestOnEveryWorkerAndNoOther() throws {
    let site = try started()
    let (session, other) = (try site.login("alice"), try site.login("alice"))
    let id = try XCTUnwrap(list(site, "alice").first?["id"] as? String)
    let (status, output) = try site.command(["session", "end", id])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("Ended the session\n"), output)
    XCTAssertEqual(output.components(separatedBy: "event=session.ended").count, 2, output)
    XCTAssertTrue(output.contains(id), output)
    XCTAssertEqual(try statuses(site, session.accessToken), [401])
    XCTAssertEqual(
      try site.ask(.refresh(session.refreshToken)).said, "403 Refresh token is wrong")
    XCTAssertEqual(try statuses(site, other.accessToken), [200])
    let again = try site.command(["session", "end", id])
    XCTAssertEqual(again.status, 1)
    XCTAssertEqual(again.output, "Error: there is no live session of this id\n")
  }

  func testP1_endingAllOfAUserLeavesOthersAlone() throws {
    let site = try started()
    let sessions = try [site.login("alice"), site.login("alice")]
    let bob = try site.login("bob")
    let (status, output) = try site.command(["session", "end", "--all", "alice"])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("Ended 2 sessions of alice\n"), output)
    XCTAssertEqual(output.components(separatedBy: "event=session.ended").count, 3, output)
    for session in sessions { XCTAssertEqual(try statuses(site, session.accessToken), [401]) }
    XCTAssertEqual(try statuses(site, bob.accessToken), [200])
    // The user's browsers are strangers again.
    let names = try FileManager.default.subpathsOfDirectory(atPath: site.data)
    let user = try XCTUnwrap(names.first { $0.hasPrefix("users/") && $0.hasSuffix("/alice.json") })
    let document = try String(contentsOfFile: "\(site.data)/\(user)", encoding: .utf8)
    XCTAssertTrue(document.contains(#""signOutsEverywhere":1"#), document)
    XCTAssertEqual(try site.command(["session", "end", "--all", "alice"]).status, 0)
    XCTAssertEqual(try site.command(["session", "end", "--all", "nobody"]).status, 1)
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testListNamesADamagedDocumentAndShowsAllOthers() throws {
    let site = try started()
    _ = try site.login("alice")
    _ = try site.login("bob")
    let bob = try XCTUnwrap(list(site, "bob").first?["userID"] as? String)
    let names = try FileManager.default.subpathsOfDirectory(atPath: site.data)
    let name = try XCTUnwrap(
      names.first { $0.hasPrefix("tokens/") && $0.hasSuffix("/\(bob).json") })
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(site.data)/\(name)"))
    let (status, output) = try site.command(["session", "list"])
    XCTAssertEqual(status, 1)
    XCTAssertTrue(output.contains("sessions of user \(bob) cannot be read: \(name): "), output)
    XCTAssertTrue(output.contains("alice\t"), output)
    XCTAssertEqual(try site.command(["session", "end", "--all", "alice"]).status, 0)
  }
}
