import Accounts
import DocumentStore
import Foundation
import HandlerKit
import TestSupport
import XCTest

/// A house in which `alice` lives.
class LoginTestCase: TemporaryFolderTestCase {
  static let invalid = "Please enter valid data!"
  static let wrong = "Username or password is wrong!"

  func house(
    isThrottled: Bool = false, file: StaticString = #filePath, line: UInt = #line
  ) async throws -> TestHouse {
    let house = try await TestHouse(folder: folder, isThrottled: isThrottled)
    try house.addUser("alice")
    return house
  }

  /// Signs in with whatever a client may send.
  func post(
    _ body: String, as type: String? = "application/json", to house: TestHouse
  ) async -> Response {
    var request = Request.make(.post, "/login")
    request.headers[.contentType] = type
    request.body = Array(body.utf8)
    return await house.router.respond(to: request)
  }

  func assert(
    _ response: Response, is status: Int, _ text: String, _ hint: String = "",
    file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertEqual(response.status.code, status, hint, file: file, line: line)
    XCTAssertEqual(response.text, text, hint, file: file, line: line)
    XCTAssertEqual(
      response.headers[.contentType], "text/plain; charset=utf-8", hint, file: file, line: line)
    XCTAssertEqual(response.headers[.cacheControl], "no-store", hint, file: file, line: line)
  }
}
