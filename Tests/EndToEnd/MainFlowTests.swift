import Foundation
import XCTest

/// What a client does all day, through nginx.
final class MainFlowTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { .init(settings: ["POSTERN_TOKENS_GRACE": "2"]) }

  func testMainFlow_signInReadRefreshReadAgain() throws {
    let signIn = try site.ask(.login("alice"))
    XCTAssertEqual(signIn.status, 200, signIn.text)
    XCTAssertEqual(signIn.json["expiresIn"] as? Int, 900)
    let user = try XCTUnwrap(signIn.json["user"] as? [String: String])
    XCTAssertEqual(user["username"], "alice")
    XCTAssertEqual(user["email"], "alice@example.com")
    try assertReads(signIn.accessToken, as: user)

    let refresh = try site.ask(.refresh(signIn.refreshToken))
    XCTAssertEqual(refresh.status, 200, refresh.text)
    XCTAssertEqual(refresh.json["expiresIn"] as? Int, 900)
    XCTAssertNotEqual(refresh.refreshToken, signIn.refreshToken)
    XCTAssertNotEqual(refresh.accessToken, signIn.accessToken)
    try assertReads(refresh.accessToken, as: user)
  }

  private func assertReads(_ token: String, as user: [String: String]) throws {
    let current = try site.ask(.get("/current-user", bearer: token))
    XCTAssertEqual(current.status, 200, current.text)
    XCTAssertEqual(current.json as? [String: String], user)
    XCTAssertEqual(
      Set(current.json.keys),
      ["id", "username", "email", "first_name", "last_name", "gender", "phone", "city"])

    let jobs = try site.ask(.get("/job-list?user_id=bob&username=bob", bearer: token))
    XCTAssertEqual(jobs.status, 200, jobs.text)
    XCTAssertGreaterThanOrEqual(jobs.list.count, 3)
    for job in jobs.list {
      XCTAssertEqual(job["user_id"] as? String, user["id"])
      XCTAssertEqual(
        Set(job.keys),
        [
          "id", "user_id", "company_name", "title", "first_date", "last_date", "skills",
          "department", "ein",
        ])
    }
  }

  func testReplay_theFirstTokenWithinTheGraceGetsTheCurrentOneByteForByte() throws {
    let first = try site.login("bob").refreshToken
    let second = try site.ask(.refresh(first))
    let third = try site.ask(.refresh(second.refreshToken))
    XCTAssertEqual(third.status, 200, third.text)
    for _ in 0..<3 {
      let replay = try site.ask(.refresh(first))
      XCTAssertEqual(replay.status, 200, replay.text)
      XCTAssertEqual(replay.refreshToken, third.refreshToken)
    }
  }

  func testE5_theFirstTokenAfterTheGraceEndsTheSessionAndItsCurrentTokenToo() throws {
    let first = try site.login("carol").refreshToken
    let current = try site.ask(.refresh(first)).refreshToken
    usleep(2_200_000)
    XCTAssertEqual(try site.ask(.refresh(first)).said, "403 Refresh token is wrong")
    let answer = try site.ask(.refresh(current))
    XCTAssertEqual(answer.said, "403 There is no refresh token for the user")
    XCTAssertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
  }

  func testE5_reuseEndsThatSessionAloneAndNotTheOthersOfTheUser() throws {
    try site.addUser("two-devices")
    let phone = try site.login("two-devices").refreshToken
    let laptop = try site.login("two-devices").refreshToken
    let current = try site.ask(.refresh(phone)).refreshToken
    usleep(2_200_000)
    XCTAssertEqual(try site.ask(.refresh(phone)).said, "403 Refresh token is wrong")
    XCTAssertEqual(try site.ask(.refresh(current)).said, "403 Refresh token is wrong")
    XCTAssertEqual(try site.ask(.refresh(laptop)).status, 200)
  }

  func testLogin_wrongCredentialsAndMissingFieldsAreToldApartAndNothingMore() throws {
    let wrong = "400 Username or password is wrong!"
    XCTAssertEqual(try site.ask(.login("alice", "not hers")).said, wrong)
    XCTAssertEqual(try site.ask(.login("nobody", "not hers")).said, wrong)
    let missing = try site.ask(.post("/login", json: ["username": "alice"]))
    XCTAssertEqual(missing.said, "400 Please enter valid data!")
  }

  func testC6_oneKindOfTokenNeverPassesForTheOther() throws {
    let signIn = try site.login("alice")
    let read = try site.ask(.get("/job-list", bearer: signIn.refreshToken))
    XCTAssertEqual(read.status, 401, read.text)
    XCTAssertEqual(try site.ask(.refresh(signIn.accessToken)).status, 403)
  }
}
