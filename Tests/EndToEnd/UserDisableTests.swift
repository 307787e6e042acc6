import Foundation
import TestSupport
import XCTest

/// `postern user disable` and `postern user enable`, beside the running service.
final class UserDisableTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let jobs = HTTPCall.get("/job-list")

  private func cookie(_ answer: HTTPAnswer) throws -> String {
    let line = try XCTUnwrap(
      answer.values(of: "Set-Cookie").first { $0.hasPrefix("__Host-refresh=") })
    return String(line.prefix { $0 != ";" })
  }

  private func verify(_ headers: (String, String)...) -> HTTPCall {
    headers.reduce(.get("/verify")) { $0.with($1.0, $1.1) }
  }

  func testP1_J12_nothingOfADisabledUserIsAdmittedFromTheNextRequestOn() throws {
    let site = try makeInstallation()
    try site.start()
    let session = try site.login("alice")
    let bearer = ("Authorization", "Bearer \(session.accessToken)")
    let page = try site.ask(
      HTTPCall.post(
        "/login",
        json: ["username": "alice", "password": HTTPCall.demoPassword, "session": "cookie"]
      ).with("Origin", "http://localhost"))
    XCTAssertEqual(page.status, 200, page.text)
    let cookie = ("Cookie", try cookie(page))
    let bob = try site.login("bob")
    let link = try site.command(["user", "link", "alice"]).output
      .trimmingCharacters(in: .whitespacesAndNewlines)
    for headers in [bearer, cookie] { XCTAssertEqual(try site.ask(verify(headers)).status, 204) }

    let (status, output) = try site.command(["user", "disable", "ALICE"])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("alice is disabled\n"), output)
    XCTAssertTrue(output.contains("event=user.disabled"), output)
    // On each worker.
    for _ in 0..<4 * Installation.workerCount {
      for call in [
        Self.jobs, .get("/current-user"), .get("/sessions"), HTTPCall("DELETE", "/sessions"),
      ] {
        XCTAssertEqual(
          try site.ask(call.with(bearer.0, bearer.1)).said, "401 Token is invalid", call.path)
      }
      XCTAssertEqual(try site.ask(verify(bearer)).status, 401)
      XCTAssertEqual(try site.ask(verify(cookie)).status, 401)
    }
    XCTAssertEqual(
      try site.ask(.refresh(session.refreshToken)).said,
      "403 There is no refresh token for the user")
    XCTAssertEqual(
      try site.ask(.login("alice")).said, "400 Username or password is wrong!")
    let token = String(link.split(separator: "#").last ?? "")
    let used = HTTPCall.post(
      "/link", json: ["token": token, "newPassword": HTTPCall.goodPassword])
    XCTAssertEqual(try site.ask(used).status, 403)
    // Nobody else notices.
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: bob.accessToken)).status, 200)

    XCTAssertEqual(try site.command(["user", "enable", "alice"]).status, 0)
    XCTAssertEqual(try site.ask(.refresh(session.refreshToken)).status, 403)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: session.accessToken)).status, 401)
    XCTAssertEqual(try site.ask(verify(cookie)).status, 401)
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testDoneTwiceItChangesNothingAndScriptsReadIt() throws {
    let site = try makeInstallation()
    for (verb, isDisabled, isChanged) in [
      ("enable", false, false), ("disable", true, true), ("disable", true, false),
      ("enable", false, true),
    ] {
      let (status, output) = try site.command(["user", verb, "alice", "--json"])
      XCTAssertEqual(status, 0, output)
      let line = try XCTUnwrap(output.split(separator: "\n").last { $0.hasPrefix("{") })
      let json = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      XCTAssertEqual(Set((json ?? [:]).keys), ["username", "id", "disabled", "changed"])
      XCTAssertEqual(json?["disabled"] as? Bool, isDisabled, output)
      XCTAssertEqual(json?["changed"] as? Bool, isChanged, output)
      // Only a change is an event.
      XCTAssertEqual(output.contains("event=user.\(verb)d"), isChanged, output)
    }
    for name in ["nobody", "no body"] {
      for verb in ["enable", "disable"] {
        let (status, output) = try site.command(["user", verb, name])
        XCTAssertEqual(status, 1, output)
        XCTAssertTrue(output.contains("there is no user of this name"), output)
      }
    }
  }

  /// The one that says so first was disabled while a sign-in was under way.
  func testE8_signInsThatRaceADisablingLeaveNoSession() throws {
    let site = try makeInstallation()
    try site.start()
    for _ in 0..<6 {
      let started = DispatchSemaphore(value: 0)
      let done = DispatchGroup()
      let answers = Answers()
      for _ in 0..<3 {
        done.enter()
        Thread.detachNewThread {
          for number in 0..<3 {
            if number == 1 { started.signal() }
            if let answer = try? site.ask(.login("alice")) { answers.add(answer) }
          }
          done.leave()
        }
      }
      started.wait()
      XCTAssertEqual(try site.command(["user", "disable", "alice"]).status, 0)
      done.wait()
      for answer in answers.all where answer.status == 200 {
        XCTAssertEqual(
          try site.ask(.get("/job-list", bearer: answer.accessToken)).status, 401)
        XCTAssertEqual(try site.ask(.refresh(answer.refreshToken)).status, 403)
      }
      XCTAssertEqual(try site.command(["user", "enable", "alice"]).status, 0)
      for answer in answers.all where answer.status == 200 {
        XCTAssertEqual(
          try site.ask(.get("/job-list", bearer: answer.accessToken)).status, 401)
      }
    }
  }

  private final class Answers: @unchecked Sendable {
    private let lock = NSLock()
    private var answers: [HTTPAnswer] = []

    var all: [HTTPAnswer] { lock.withLock { answers } }
    func add(_ answer: HTTPAnswer) { lock.withLock { answers.append(answer) } }
  }
}
