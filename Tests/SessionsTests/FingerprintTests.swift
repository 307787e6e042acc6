import Foundation
import XCTest

@testable import Sessions

final class FingerprintTests: XCTestCase {
  private var chain = Chain()

  func testGivenAtSignInItMustComeWithEachRefresh() {
    let session = chain.begin(at: 0, fingerprint: "f1")
    let before = chain.user
    for fingerprint in [nil, "", "f2", "F1", "f1 "] as [String?] {
      let (decision, refreshed) = chain.refresh(
        session, with: session.current.id, at: 1, fingerprint: fingerprint)
      XCTAssertEqual(decision, .fingerprintDiffers)
      XCTAssertNil(refreshed)
      XCTAssertEqual(chain.user, before)
    }
    XCTAssertEqual(
      chain.refresh(session, with: session.current.id, at: 1, fingerprint: "f1").decision, .rotate)
  }

  func testMustComeWithAReplayToo() {
    let session = chain.begin(at: 0, fingerprint: "f1")
    _ = chain.refresh(session, with: session.current.id, at: 1, fingerprint: "f1")
    XCTAssertEqual(
      chain.refresh(session, with: session.current.id, at: 2).decision, .fingerprintDiffers)
    XCTAssertEqual(
      chain.refresh(session, with: session.current.id, at: 2, fingerprint: "f1").decision, .replay)
  }

  func testReusedTokenWithoutItRevokesNothing() {
    let session = chain.begin(at: 0, fingerprint: "f1")
    _ = chain.refresh(session, with: session.current.id, at: 1, fingerprint: "f1")
    let before = chain.user
    XCTAssertEqual(
      chain.refresh(session, with: session.current.id, at: 100).decision, .fingerprintDiffers)
    XCTAssertEqual(chain.user, before)
  }

  func testNotGivenAtSignInNoneIsAskedFor() {
    let session = chain.begin(at: 0)
    XCTAssertEqual(
      chain.refresh(session, with: session.current.id, at: 1, fingerprint: "f1").decision, .rotate)
  }

  func testWhatIsKeptOfItCannotBeRead() throws {
    let session = chain.begin(at: 0, fingerprint: "my-device")
    let kept = try XCTUnwrap(session.fingerprint)
    XCTAssertEqual(kept.count, 64)
    XCTAssertFalse(kept.contains("my-device"))
  }
}
