import Accounts
import DocumentStore
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// Who is admitted where the query asks for groups.
final class VerifyGroupTests: VerifyTestCase {
  private func statuses(_ house: TestHouse, _ query: String) async throws -> [Int] {
    var statuses: [Int] = []
    for name in ["alice", "bob"] {
      let token = await house.login(name).refreshToken
      let response = try await verify(house, cookie: token, query: query)
      statuses.append(response.status.code)
      if response.status == .forbidden {
        XCTAssertEqual(response["X-Auth-Error"], "not_in_group")
        XCTAssertNil(response["X-Auth-Username"])
        XCTAssertTrue(response.headers[.contentType]?.hasPrefix("text/plain") ?? false)
      }
    }
    return statuses
  }

  func testAnyOfTheGroupsWillDo() async throws {
    let house = try await house()
    for (query, expected) in [
      ("", [204, 204]), ("group=ops", [204, 403]), ("group=staff", [403, 403]),
      ("group=staff&group=web", [204, 403]), ("group=Ops", [403, 403]), ("group=op", [403, 403]),
      ("group=%6Fps", [204, 403]), ("group=staff&group=other", [403, 403]),
    ] {
      let statuses = try await statuses(house, query)
      XCTAssertEqual(statuses, expected, query)
    }
  }

  func testWhatIsNoQuestionForGroupsAdmitsNobody() async throws {
    let house = try await house()
    for query in [
      "groups=ops", "group", "group=", "group=ops&x=y", "Group=ops", "group=ops,web",
      "group=o%20s", "group=%zz", "group=ops&group=", "x", "group=%C3%A9",
      "group=" + String(repeating: "a", count: 65),
    ] {
      let statuses = try await statuses(house, query)
      XCTAssertEqual(statuses, [400, 400], query)
    }
  }

  func testWhoeverIsNotSignedInIsToldThatFirst() async throws {
    let house = try await house()
    assertRefused(try await verify(house, query: "group=ops"), "missing_token")
  }

  func testARemovalFromAGroupCountsFromTheNextRequest() async throws {
    let house = try await house()
    let session = await house.login("alice")
    try house.documents.update(User.self, "alice") { $0?.groups = ["web"] }
    for (bearer, cookie) in [
      (session.accessToken, nil), (nil, session.refreshToken),
    ] as [(String?, String?)] {
      let refused = try await verify(house, bearer: bearer, cookie: cookie, query: "group=ops")
      XCTAssertEqual(refused.status, .forbidden)
      let admitted = try await verify(house, bearer: bearer, cookie: cookie, query: "group=web")
      XCTAssertEqual(admitted["X-Auth-Groups"], "web")
    }
  }
}
