import TestSupport
import XCTest

final class SmokeTests: TemporaryFolderTestCase {
  func testSignInAndRefresh() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let login = await house.login("alice")
    XCTAssertEqual(login.status, .ok)
    let refreshed = await house.refresh(login.refreshToken)
    XCTAssertEqual(refreshed.status, .ok, refreshed.text)
  }
}
