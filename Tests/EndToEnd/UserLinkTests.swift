import Foundation
import XCTest

/// Users who choose their passwords by links that `postern user link` and `postern user add` print.
final class UserLinkTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let add = ["user", "add", "dora", "--email", "dora@example.com", "--create"]
  private static let origin = ["POSTERN_SITE_ORIGIN": "https://app.example.com"]

  private func token(_ output: String, _ origin: String) throws -> String {
    let line = try XCTUnwrap(output.split(separator: "\n").last)
    let start = "\(origin)/link#"
    XCTAssertTrue(line.hasPrefix(start), output)
    return String(line.dropFirst(start.count))
  }

  private func use(_ token: String, _ password: String = HTTPCall.goodPassword) -> HTTPCall {
    .post("/link", json: ["token": token, "newPassword": password])
  }

  func testP13_aUserWithoutAPasswordChoosesOneByTheLinkOnce() throws {
    let site = try makeInstallation(.init(settings: Self.origin, hasDemo: false))
    let (status, output) = try site.command(Self.add + ["--link"])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.hasPrefix("Added dora ("), output)
    let token = try token(output, "https://app.example.com")
    try site.start()
    XCTAssertEqual(try site.ask(.login("dora")).text, "Username or password is wrong!")
    XCTAssertEqual(try site.ask(use(token, "too short")).status, 400)
    XCTAssertEqual(try site.ask(use(token)).status, 204)
    XCTAssertEqual(try site.ask(.login("dora")).status, 200)
    let again = try site.ask(use(token, "another wind over the quay"))
    XCTAssertEqual(again.status, 403)
    XCTAssertTrue(again.text.contains("used before"), again.text)
    XCTAssertEqual(try site.ask(.login("dora")).status, 200)

    let secret = try XCTUnwrap(token.split(separator: ".").last)
    for log in try FileManager.default.contentsOfDirectory(atPath: site.run) {
      guard log.hasSuffix(".log"), !log.hasPrefix("command-") else { continue }
      let text = try String(contentsOfFile: "\(site.run)/\(log)", encoding: .utf8)
      XCTAssertFalse(text.contains(secret), log)
    }
  }

  func testP13_twoWhoUseALinkAtOnceAndOneWinner() throws {
    let site = try makeInstallation()
    try site.start()
    for _ in 0..<5 {
      let token = try token(
        site.command(["user", "link", "alice"]).output, "http://localhost:8080")
      let passwords = (0..<4).map { "wind over the cedar gate \($0)" }
      let answers = try site.askAtOnce(passwords.map { use(token, $0) })
      XCTAssertEqual(answers.map(\.status).sorted(), [204, 403, 403, 403])
      for (answer, password) in zip(answers, passwords) {
        let signIn = try site.ask(.login("alice", password)).status
        XCTAssertEqual(signIn, answer.status == 204 ? 200 : 400)
      }
    }
  }

  func testP1_aLinkEndsAllSessionsOnEveryWorker() throws {
    let site = try makeInstallation()
    try site.start()
    let session = try site.login("alice")
    let token = try token(site.command(["user", "link", "alice"]).output, "http://localhost:8080")
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: session.accessToken)).status, 200)
    XCTAssertEqual(try site.ask(use(token)).status, 204)
    for _ in 0..<20 {
      let answer = try site.ask(.get("/current-user", bearer: session.accessToken))
      XCTAssertEqual(answer.said, "401 Token is invalid")
    }
    XCTAssertEqual(try site.ask(.refresh(session.refreshToken)).status, 403)
  }

  func testUserAdd_standardInputAtItsEndMeansALinkAndAnEmptyLineDoesNot() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let empty = try site.command(Self.add, input: "\n")
    XCTAssertNotEqual(empty.status, 0)
    XCTAssertTrue(empty.output.contains("The password is empty"), empty.output)
    let ended = try site.command(Self.add, input: "")
    XCTAssertEqual(ended.status, 0, ended.output)
    XCTAssertTrue(ended.output.contains("http://localhost:8080/link#"), ended.output)
  }

  func testUserAdd_aGuessablePasswordIsRefusedWithTheReason() throws {
    let site = try makeInstallation(
      .init(settings: ["POSTERN_PASSWORDS_MINIMUM_LENGTH": "8"], hasDemo: false))
    for (password, reason) in [
      ("passwordpassword", "again and again"), ("dora@example.com", "your name"),
      ("seven77", "at least 8 characters"),
    ] {
      let (status, output) = try site.command(Self.add, input: password + "\n")
      XCTAssertEqual(status, 1, output)
      XCTAssertTrue(output.contains(reason), output)
    }
    let (status, output) = try site.command(Self.add, input: "qL7Vd0yX\n")
    XCTAssertEqual(status, 0, output)
  }

  func testUserLink_nobodyAndDisabledUsersGetNone() throws {
    let site = try makeInstallation()
    let missing = try site.command(["user", "link", "nobody"])
    XCTAssertEqual(missing.status, 1)
    XCTAssertTrue(missing.output.contains("there is no user of this name"), missing.output)
    XCTAssertEqual(try site.command(["user", "link", "no body"]).status, 1)
  }

  func testUpkeep_linksAreCheckedAndSwept() throws {
    let site = try makeInstallation()
    let before = try site.command(["check"]).output
    XCTAssertEqual(try site.command(["user", "link", "alice"]).status, 0)
    XCTAssertNotEqual(try site.command(["check"]).output, before)
    let swept = try site.command(["sweep"]).output
    XCTAssertTrue(swept.contains(" 0 links,"), swept)
    let names = try FileManager.default.subpathsOfDirectory(atPath: site.data)
    let link = try XCTUnwrap(names.first { $0.hasPrefix("links/") && $0.hasSuffix("/alice.json") })
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(site.data)/\(link)"))
    let (status, output) = try site.command(["check"])
    XCTAssertEqual(status, 1)
    XCTAssertTrue(output.contains(link), output)
  }

  func testM8_anOriginOrALengthThatCannotBeMeantIsRefused() throws {
    let site = try makeInstallation()
    for (name, value) in [
      ("POSTERN_SITE_ORIGIN", "app.example.com"), ("POSTERN_SITE_ORIGIN", "https://a.example/x"),
      ("POSTERN_PASSWORDS_MINIMUM_LENGTH", "7"), ("POSTERN_PASSWORDS_MINIMUM_LENGTH", "65"),
    ] {
      let serve = try site.serve(settings: [name: value], log: "refused.log")
      XCTAssertNotEqual(try serve.waitForEnd(), 0, name)
    }
  }
}
