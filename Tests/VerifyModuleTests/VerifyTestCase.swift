import Accounts
import DocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

class VerifyTestCase: TemporaryFolderTestCase {
  /// alice is in the groups ops and web; bob is in none.
  func house(_ policy: SessionPolicy = SessionPolicy()) async throws -> TestHouse {
    let documents = CountingStore(try TestStore.open(folder: folder))
    let house = try await TestHouse(folder: folder, policy: policy, documents: documents)
    try house.addUser("alice")
    try house.addUser("bob")
    try house.documents.update(User.self, "alice") { $0?.groups = ["ops", "web"] }
    return house
  }

  func later(_ seconds: TimeInterval) -> Date { TestHouse.now.addingTimeInterval(seconds) }

  /// Asks as the web server does, and makes sure that nothing was written for it.
  func verify(
    _ house: TestHouse, bearer: String? = nil, cookie: String? = nil, query: String = "",
    method: HTTPRequest.Method = .get, headers: HTTPFields = [:], after seconds: TimeInterval = 0,
    file: StaticString = #filePath, line: UInt = #line
  ) async throws -> Response {
    let store = try XCTUnwrap(house.documents as? CountingStore)
    let updates = store.updates
    var headers = headers
    if let cookie { headers[.cookie] = "theme=dark; __Host-refresh=\(cookie); x=y" }
    let response = await house.router.respond(
      to: .make(
        method, "/verify", query: query, bearer: bearer, headers: headers, at: later(seconds)))
    XCTAssertEqual(store.updates, updates, "written", file: file, line: line)
    XCTAssertEqual(response.headers[.cacheControl], "no-store", file: file, line: line)
    XCTAssertNil(response.headers[.setCookie], file: file, line: line)
    return response
  }

  func assertAdmitted(
    _ response: Response, _ name: String = "alice", file: StaticString = #filePath,
    line: UInt = #line
  ) {
    XCTAssertEqual(response.status, .noContent, response.text, file: file, line: line)
    XCTAssertEqual(response["X-Auth-Username"], name, file: file, line: line)
    XCTAssertNil(response["X-Auth-Error"], file: file, line: line)
  }

  func assertRefused(
    _ response: Response, _ code: String = "invalid_token", _ text: String = "Token is invalid",
    file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertEqual(response.status, .unauthorized, file: file, line: line)
    XCTAssertEqual(response["X-Auth-Error"], code, file: file, line: line)
    XCTAssertEqual(response.text, text, file: file, line: line)
    let challenge = response.headers[.wwwAuthenticate] ?? ""
    XCTAssertTrue(challenge.hasPrefix("Bearer"), challenge, file: file, line: line)
    for name in ["User-Id", "Username", "Email", "Groups", "Session-Id"] {
      XCTAssertNil(response["X-Auth-\(name)"], name, file: file, line: line)
    }
  }

  let navigation: HTTPFields = [HTTPField.Name("Sec-Fetch-Mode")!: "navigate"]
}

extension Response {
  subscript(name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}
