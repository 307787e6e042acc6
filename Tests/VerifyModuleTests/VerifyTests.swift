import TestSupport
import XCTest

final class VerifyTests: TemporaryFolderTestCase {
  func testAccessTokenAdmits() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let token = await house.login("alice").accessToken
    let response = await house.router.respond(to: .make(.get, "/verify", bearer: token))
    XCTAssertEqual(response.status, .noContent)
  }
}
