import HandlerKit
import TestSupport
import XCTest

final class PublicKeysRouteTests: TemporaryFolderTestCase {
  func testNothingOfASecretKeyIsShown() async throws {
    let house = try await TestHouse(folder: folder)
    let response = await house.router.respond(to: .make(.get, "/.well-known/jwks.json"))
    XCTAssertEqual(response.status, .ok)
    XCTAssertEqual(response.text, #"{"keys":[]}"#)
  }
}
