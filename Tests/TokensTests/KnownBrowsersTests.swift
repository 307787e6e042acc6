import ForeignInput
import Foundation
import TestSupport
import XCTest

@testable import Tokens

final class KnownBrowsersTests: XCTestCase {
  private func browsers(_ secret: String = TestHouse.refreshSecret) async throws -> KnownBrowsers {
    try KnownBrowsers(
      derivation: KeySecret(text: secret, type: RefreshClaims.type))
  }

  func testANameSaysWhoseBrowserItIs() async throws {
    let browsers = try await browsers()
    let name = try browsers.name(forUser: "u1", generation: 3, known: nil, at: TestHouse.now)
    let claims = try XCTUnwrap(browsers.recognize(ForeignText(name), at: TestHouse.now))
    XCTAssertEqual(claims.sub, "u1")
    XCTAssertEqual(claims.gen, 3)
    let later = TestHouse.now.addingTimeInterval(100)
    let renewed = try browsers.name(forUser: "u1", generation: 4, known: claims, at: later)
    XCTAssertEqual(browsers.recognize(ForeignText(renewed), at: later)?.jti, claims.jti)
    XCTAssertEqual(browsers.recognize(ForeignText(renewed), at: later)?.gen, 4)
  }

  func testANameIsGoodForAYear() async throws {
    let browsers = try await browsers()
    let name = ForeignText(
      try browsers.name(forUser: "u1", generation: 0, known: nil, at: TestHouse.now))
    XCTAssertNotNil(browsers.recognize(name, at: TestHouse.now.addingTimeInterval(31_535_999)))
    XCTAssertNil(browsers.recognize(name, at: TestHouse.now.addingTimeInterval(31_536_000)))
  }

  func testM7_namesAreSignedByAKeyOfTheirOwn() async throws {
    let secret = try KeySecret(text: TestHouse.refreshSecret, type: RefreshClaims.type)
    XCTAssertNotEqual(secret.derivedKey(for: "known browsers"), secret.bytes)
    XCTAssertNotEqual(secret.derivedKey(for: "known browsers"), secret.derivedKey(for: "throttle"))
    // Such as whoever has only the refresh key's ring could make.
    let claims = BrowserClaims(
      sub: "u1", jti: "j", gen: 0, iat: 1_800_000_000, exp: 1_900_000_000, iss: "postern")
    let forged = try KeyRing<BrowserClaims>(KeySet(signing: secret)).sign(claims)
    let browsers = try await browsers()
    XCTAssertNil(browsers.recognize(ForeignText(forged), at: TestHouse.now))
    let other = try await self.browsers(TestHouse.accessSecret)
      .name(forUser: "u1", generation: 0, known: nil, at: TestHouse.now)
    XCTAssertNil(browsers.recognize(ForeignText(other), at: TestHouse.now))
  }

  func testM7_knownBrowsersStayKnownWhenTheKeysOfRefreshTokensAreRotated() throws {
    let file = try KeyFile(access: .random(), refresh: .random())
    let name = try KnownBrowsers(derivation: file.derivation)
      .name(forUser: "u1", generation: 0, known: nil, at: TestHouse.now)
    let rotated = try file.with(
      file.refresh.rotating(to: TokenKey(.random(), signsFrom: 1), lifetime: 1)
        .withoutEnded(at: 1_000), for: .refresh)
    let later = try KnownBrowsers(derivation: KeyFile(rotated.encoded()).derivation)
    XCTAssertEqual(later.recognize(ForeignText(name), at: TestHouse.now)?.sub, "u1")
  }
}
