import Foundation
import HandlerKit
import TestSupport
import XCTest

class RefreshTestCase: TemporaryFolderTestCase {
  func time(_ seconds: TimeInterval) -> Date { TestHouse.now.addingTimeInterval(seconds) }

  /// A house in which `alice` lives.
  func house() async throws -> TestHouse {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    return house
  }

  func post(_ body: String, to house: TestHouse) async -> Response {
    var request = Request.make(.post, "/refresh-token")
    request.headers[.contentType] = "application/json"
    request.body = Array(body.utf8)
    return await house.router.respond(to: request)
  }

  func assert(
    _ response: Response, isForbidden text: String, _ hint: String = "",
    file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertEqual(response.status.code, 403, hint, file: file, line: line)
    XCTAssertEqual(response.text, text, hint, file: file, line: line)
    XCTAssertEqual(
      response.headers[.contentType], "text/plain; charset=utf-8", hint, file: file, line: line)
    XCTAssertEqual(response.headers[.cacheControl], "no-store", hint, file: file, line: line)
  }

  func assertIsRefreshed(
    _ response: Response, file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertEqual(response.status, .ok, response.text, file: file, line: line)
    XCTAssertEqual(
      Set(response.json.keys), ["accessToken", "refreshToken", "expiresIn"], file: file, line: line)
    XCTAssertEqual(response.json["expiresIn"] as? Int, 900, file: file, line: line)
    XCTAssertEqual(response.headers[.cacheControl], "no-store", file: file, line: line)
  }
}
