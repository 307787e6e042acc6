import ForeignInput
import Foundation
import TestSupport
import XCTest

@testable import Tokens

/// A token that was verified before is checked against the time, and nothing else is taken for it.
final class VerifiedTokenTests: XCTestCase {
  private let now = Date(timeIntervalSince1970: TimeInterval(Forge.now))

  func testT6_tokenThatWasGoodBeforeExpiresAllTheSame() async throws {
    let forge = try await Forge.both()[0]
    let token = ForeignText(forge.token())
    let claims = try forge.issuer.verifyAccessToken(token, at: now)
    let end = Date(timeIntervalSince1970: TimeInterval(claims.exp))
    XCTAssertEqual(
      try forge.issuer.verifyAccessToken(token, at: end.addingTimeInterval(-1)), claims)
    XCTAssertThrowsError(try forge.issuer.verifyAccessToken(token, at: end)) {
      XCTAssertEqual($0 as? TokenError, .expired)
    }
    XCTAssertThrowsError(
      try forge.issuer.verifyAccessToken(token, at: now.addingTimeInterval(-3600))
    ) {
      XCTAssertEqual($0 as? TokenError, .malformed)
    }
  }

  func testT1_tokenThatDiffersInAnyByteFromAVerifiedOneIsVerifiedByItself() async throws {
    let forge = try await Forge.both()[0]
    let token = Array(forge.token().utf8)
    _ = try forge.issuer.verifyAccessToken(.init(token), at: now)
    for index in token.indices {
      var changed = token
      changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      XCTAssertThrowsError(try forge.issuer.verifyAccessToken(.init(changed), at: now), "\(index)")
    }
    XCTAssertThrowsError(try forge.issuer.verifyAccessToken(.init(token.dropLast()), at: now))
    XCTAssertThrowsError(try forge.issuer.verifyAccessToken(.init(token.dropFirst()), at: now))
    XCTAssertThrowsError(
      try forge.issuer.verifyAccessToken(.init(token.suffix(43)), at: now))
  }

  func testVerifiedTokenOfOneIssuerIsNoneOfAnother() async throws {
    let forges = try await Forge.both()
    let token = ForeignText(forges[0].token())
    _ = try forges[0].issuer.verifyAccessToken(token, at: now)
    XCTAssertThrowsError(try forges[1].issuer.verifyRefreshToken(token, at: now))
  }
}
