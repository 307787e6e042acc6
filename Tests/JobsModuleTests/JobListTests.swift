import DocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import JobsModule
import TestSupport
import Tokens
import XCTest

final class JobListTests: TemporaryFolderTestCase {
  private func job(_ id: String, of user: String) -> Job {
    Job(
      id: id, userID: user, companyName: "Company \(id)", title: "<script>",
      firstDate: "2019-04-01",
      lastDate: "", skills: "a, \"b\"", department: "R&D", ein: "12-3456789")
  }

  /// A house in which `alice` has two jobs and `bob` has one, and their access tokens.
  private func house() async throws -> (house: TestHouse, alice: String, bob: String) {
    let house = try await TestHouse(folder: folder)
    for (name, ids) in [("alice", ["1", "2"]), ("bob", ["3"])] {
      let user = try house.addUser(name)
      try house.documents.update(JobList.self, user.id) { document in
        document = JobList(jobs: ids.map { job($0, of: user.id) })
      }
    }
    return (house, await house.login("alice").accessToken, await house.login("bob").accessToken)
  }

  private func ids(_ response: Response) throws -> [String] {
    let jobs = try JSONSerialization.jsonObject(with: Data(response.body)) as? [[String: Any]]
    return try XCTUnwrap(jobs).compactMap { $0["id"] as? String }
  }

  func testListHasExactlyTheFieldsOfTheContract() async throws {
    let (house, _, token) = try await house()
    let response = await house.router.respond(to: .make(.get, "/job-list", bearer: token))
    XCTAssertEqual(response.status, .ok)
    XCTAssertEqual(response.headers[.contentType], "application/json")
    XCTAssertEqual(response.headers[.cacheControl], "no-store")
    let bob = try house.tokens.verifyAccessToken(token, at: TestHouse.now).sub
    XCTAssertEqual(
      try JSONSerialization.jsonObject(with: Data(response.body)) as? NSArray,
      [
        [
          "id": "3", "user_id": bob, "company_name": "Company 3", "title": "<script>",
          "first_date": "2019-04-01", "last_date": "", "skills": "a, \"b\"", "department": "R&D",
          "ein": "12-3456789",
        ]
      ])
  }

  func testK1_callerGetsOnlyTheirOwnWhateverTheQuerySays() async throws {
    let (house, alice, bob) = try await house()
    let bobsID = try house.tokens.verifyAccessToken(bob, at: TestHouse.now).sub
    for query in ["", "user_id=\(bobsID)", "id=\(bobsID)&sub=\(bobsID)", "username=bob", "page=-1"]
    {
      var request = Request.make(.get, "/job-list", bearer: alice)
      request.query = query
      let response = await house.router.respond(to: request)
      XCTAssertEqual(try ids(response), ["1", "2"], query)
    }
  }

  /// A document has a mebibyte at most, so a list has, too. There are no pages: a query changes nothing.
  func testK7_aListIsBoundedAndAHundredThousandJobsAreRefused() async throws {
    let (house, alice, _) = try await house()
    let id = try house.tokens.verifyAccessToken(alice, at: TestHouse.now).sub
    let jobs = (0..<100_000).map { job("\($0)", of: id) }
    XCTAssertThrowsError(
      try house.documents.update(JobList.self, id) { $0 = JobList(jobs: jobs) }
    ) { error in
      guard case DocumentStoreError.tooLarge = error else { return XCTFail("\(error)") }
    }
    let before = await house.router.respond(to: .make(.get, "/job-list", bearer: alice))
    XCTAssertEqual(try ids(before), ["1", "2"])

    let most = Array(jobs.prefix(4_000))
    try house.documents.update(JobList.self, id) { $0 = JobList(jobs: most) }
    for query in ["", "page=-1", "page=1e9", "page=NaN&limit=0", "offset=-9&limit=1e9"] {
      let response = await house.router.respond(
        to: .make(.get, "/job-list", query: query, bearer: alice))
      XCTAssertEqual(try ids(response), most.map(\.id), query)
      XCTAssertLessThan(response.body.count, 2 << 20)
    }
  }

  func testC7_noHeaderButTheTokenNamesTheCaller() async throws {
    let (house, alice, bob) = try await house()
    let bobsID = try house.tokens.verifyAccessToken(bob, at: TestHouse.now).sub
    var request = Request.make(.get, "/job-list", bearer: alice)
    for name in ["X-Forwarded-User", "X-User-Id", "X-Original-URL", "Remote-User"] {
      request.headers[try XCTUnwrap(HTTPField.Name(name))] = bobsID
    }
    request.headers[.cookie] = "token=\(bob)"
    let response = await house.router.respond(to: request)
    XCTAssertEqual(try ids(response), ["1", "2"])
  }

  func testUserWithoutJobsHasAnEmptyList() async throws {
    let (house, _, _) = try await house()
    try house.addUser("carol")
    let token = await house.login("carol").accessToken
    let response = await house.router.respond(to: .make(.get, "/job-list", bearer: token))
    XCTAssertEqual(response.status, .ok)
    XCTAssertEqual(response.text, "[]")
  }

  func testRefusalsAreThoseOfTheContract() async throws {
    let (house, alice, _) = try await house()
    let refresh = await house.login("alice").refreshToken
    let expired = TestHouse.now.addingTimeInterval(900)
    let cases: [(String?, Date, String, Bool)] = [
      (nil, TestHouse.now, "Token is invalid", true),
      ("Basic YTpi", TestHouse.now, "Token is invalid", true),
      ("Bearer garbage", TestHouse.now, "Token is invalid", false),
      ("Bearer \(refresh)", TestHouse.now, "Token is invalid", false),
      ("Bearer \(alice)", expired, "jwt expired", false),
      ("Bearer \(alice.dropLast(3))", TestHouse.now, "invalid signature", false),
    ]
    for (header, time, text, isBare) in cases {
      var request = Request.make(.get, "/job-list", at: time)
      request.headers[.authorization] = header
      let response = await house.router.respond(to: request)
      XCTAssertEqual(response.status.code, 401, text)
      XCTAssertEqual(response.text, text)
      XCTAssertEqual(response.headers[.contentType], "text/plain; charset=utf-8")
      let challenge = try XCTUnwrap(response.headers[.wwwAuthenticate])
      XCTAssertEqual(challenge == "Bearer", isBare, challenge)
      XCTAssertEqual(challenge.hasPrefix(#"Bearer error="invalid_token""#), !isBare, challenge)
    }
  }

  func testRefusalIsProblemDetailsForWhoeverNamesThem() async throws {
    let (house, _, _) = try await house()
    let response = await house.router.respond(
      to: .make(.get, "/job-list", headers: [.accept: "application/problem+json"]))
    XCTAssertEqual(response.status.code, 401)
    XCTAssertEqual(response.headers[.wwwAuthenticate], "Bearer")
    XCTAssertEqual(response.json["detail"] as? String, "Token is invalid")
    XCTAssertEqual(response.json["code"] as? String, "missing_token")
  }
}
