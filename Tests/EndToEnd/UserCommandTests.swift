import Foundation
import XCTest

/// `postern user show`, `password`, `delete`, and the JSON of the commands for users.
final class UserCommandTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func json(_ output: String) throws -> [String: Any] {
    try XCTUnwrap(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], output)
  }

  func testUserShow_hasEverythingButTheHash() throws {
    let site = try makeInstallation()
    XCTAssertEqual(try site.command(["user", "groups", "alice", "ops", "web"]).status, 0)
    try site.start()
    for _ in 0..<2 { _ = try site.login("alice") }
    let (status, text) = try site.command(["user", "show", "Alice"])
    XCTAssertEqual(status, 0, text)
    for line in [
      "username    alice", "first name  Alice", "groups      ops, web", "disabled    no",
      "password    argon2id, m=19456,t=2,p=1", "sessions    2",
    ] { XCTAssertTrue(text.contains(line + "\n"), text) }
    XCTAssertFalse(text.contains("$"), text)
    XCTAssertFalse(text.contains("link"), text)

    XCTAssertEqual(try site.command(["user", "link", "alice"]).status, 0)
    let shown = try json(site.command(["user", "show", "alice", "--json"]).output)
    XCTAssertEqual(shown["sessions"] as? Int, 2)
    XCTAssertEqual(shown["groups"] as? [String], ["ops", "web"])
    XCTAssertEqual(shown["email"] as? String, "alice@example.com")
    XCTAssertNotNil(shown["linkExpiresAt"] as? String)
    XCTAssertNil(shown["strangersWait"])
    XCTAssertEqual(try site.command(["user", "show", "nobody"]).status, 1)
  }

  func testUserShow_tellsThatStrangersHaveToWait() throws {
    let site = try makeInstallation(.init(isThrottled: true))
    try site.start()
    // Behind one nginx all are of one address, which may guess 20 times.
    for _ in 0..<20 { XCTAssertEqual(try site.ask(.login("alice", "wrong")).status, 400) }
    XCTAssertEqual(try site.ask(.login("alice", "wrong")).status, 429)
    let shown = try json(site.command(["user", "show", "alice", "--json"]).output)
    XCTAssertNil(shown["strangersWait"], "others may still try")
  }

  func testUserShow_whatCouldSteerATerminalIsEscaped() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let add = ["user", "add", "dora", "--email", "d@example.com", "--link", "--create"]
    XCTAssertEqual(try site.command(add + ["--city", "\u{1B}[31m\nid  x"]).status, 0)
    let text = try site.command(["user", "show", "dora"]).output
    XCTAssertTrue(text.contains(#"\u{1B}[31m\nid  x"#), text)
  }

  func testJSON_isOneLineOfOneObjectForEachUser() throws {
    let site = try makeInstallation(.init(settings: ["POSTERN_SITE_ORIGIN": "https://a.example"]))
    let added = try json(
      site.command(
        ["user", "add", "Dora", "--email", "d@example.com", "--json"],
        input: HTTPCall.goodPassword + "\n"
      ).output)
    XCTAssertEqual(added["username"] as? String, "dora")
    XCTAssertNotNil(added["id"] as? String)
    XCTAssertNil(added["link"])
    let linked = try json(
      site.command(["user", "add", "eve", "--email", "e@example.com", "--json", "--link"]).output)
    XCTAssertTrue((linked["link"] as? String)?.hasPrefix("https://a.example/link#") ?? false)
    let link = try json(site.command(["user", "link", "dora", "--json"]).output)
    XCTAssertEqual(Set(link.keys), ["username", "link", "linkExpiresAt"])
    for arguments in [["dora", "ops", "--json"], ["dora", "--json"]] {
      let groups = try json(site.command(["user", "groups"] + arguments).output)
      XCTAssertEqual(groups["groups"] as? [String], ["ops"])
    }
    let list = try site.command(["user", "list", "--json"]).output
    let users = try list.split(separator: "\n").map { try json(String($0)) }
    XCTAssertEqual(users.count, 5)
    XCTAssertEqual(users[3]["groups"] as? [String], ["ops"])
    XCTAssertEqual(users[3]["id"] as? String, added["id"] as? String)
    XCTAssertFalse(list.contains("$argon2"), list)
  }

  func testUserPassword_theNewOneCountsAndAllSessionsEnd() throws {
    let site = try makeInstallation()
    try site.start()
    let session = try site.login("alice")
    let link = try site.command(["user", "link", "alice"]).output
    let (status, output) = try site.command(
      ["user", "password", "alice"], input: HTTPCall.goodPassword + "\n")
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("event=password.changed"), output)
    XCTAssertFalse(output.contains(HTTPCall.goodPassword))
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: session.accessToken)).status, 401)
    XCTAssertEqual(try site.ask(.refresh(session.refreshToken)).status, 403)
    XCTAssertEqual(try site.ask(.login("alice", HTTPCall.demoPassword)).status, 400)
    XCTAssertEqual(try site.ask(.login("alice", HTTPCall.goodPassword)).status, 200)
    let token = link.split(separator: "#").last.map { $0.dropLast() } ?? ""
    let use = HTTPCall.post(
      "/link", json: ["token": "\(token)", "newPassword": "a wind over the quay"])
    XCTAssertEqual(try site.ask(use).status, 403)
  }

  func testUserPassword_anUnfitOneIsRefusedAndNothingChanges() throws {
    let site = try makeInstallation()
    for (input, reason) in [
      ("short12\n", "at least 15 characters"), ("passwordpassword\n", "easy to guess"),
      ("\n", "empty"), ("", "no password"),
    ] {
      let (status, output) = try site.command(["user", "password", "alice"], input: input)
      XCTAssertNotEqual(status, 0)
      XCTAssertTrue(output.contains(reason), output)
    }
    let (status, output) = try site.command(
      ["user", "password", "nobody"], input: HTTPCall.goodPassword + "\n")
    XCTAssertEqual(status, 1, output)
    try site.start()
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testN8_nothingOfADeletedUserIsLeft() throws {
    let site = try makeInstallation()
    try site.start()
    let session = try site.login("alice")
    let other = try site.login("bob")
    XCTAssertEqual(try site.command(["user", "link", "alice"]).status, 0)
    // What a killed writer leaves behind.
    let users = try folder(of: "alice", in: "\(site.data)/users")
    try Data("torn".utf8).write(to: URL(fileURLWithPath: "\(users)/.new-alice"))
    let id = try XCTUnwrap(
      json(site.command(["user", "show", "alice", "--json"]).output)["id"] as? String)
    XCTAssertFalse(try traces(of: ["alice", id], in: site).isEmpty)

    let refused = try site.command(["user", "delete", "alice"])
    XCTAssertNotEqual(refused.status, 0)
    XCTAssertTrue(refused.output.contains("--yes"), refused.output)
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)

    let (status, output) = try site.command(["user", "delete", "Alice", "--yes"])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("event=user.deleted user=\(id)"), output)
    XCTAssertEqual(try traces(of: ["alice", id], in: site), [])
    for call in [
      HTTPCall.get("/current-user", bearer: session.accessToken),
      .get("/job-list", bearer: session.accessToken),
    ] { XCTAssertEqual(try site.ask(call).said, "401 Token is invalid") }
    XCTAssertEqual(try site.ask(.refresh(session.refreshToken)).status, 403)
    XCTAssertEqual(try site.ask(.login("alice")).text, "Username or password is wrong!")
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: other.accessToken)).status, 200)
    XCTAssertEqual(try site.command(["user", "delete", "alice", "--yes"]).status, 1)
    XCTAssertTrue(try site.command(["check"]).output.hasSuffix(" 0 bad\n"))

    try site.addUser("alice")
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: session.accessToken)).status, 401)
    let again = try site.login("alice", HTTPCall.goodPassword)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: again.accessToken)).said, "200 []")
  }

  private func folder(of name: String, in collection: String) throws -> String {
    let names = try FileManager.default.subpathsOfDirectory(atPath: collection)
    let path = try XCTUnwrap(names.first { $0.hasSuffix("/\(name).json") })
    return "\(collection)/\(path.prefix { $0 != "/" })"
  }

  /// Files of the data folder that are named after one of these, or hold it.
  private func traces(of names: [String], in site: Installation) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: site.data).filter { path in
      let text = FileManager.default.contents(atPath: "\(site.data)/\(path)")
      return names.contains { name in
        path.contains(name)
          || text.map { String(decoding: $0, as: UTF8.self).contains(name) } ?? false
      }
    }
  }
}
