import MemoryDocumentStore
import XCTest

@testable import Sessions

/// Engines may run a change again: none of these shows it.
final class RepeatedChangeTests: XCTestCase {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let store = SessionStore(
    documents: MemoryDocumentStore(repeatsChanges: true), policy: SessionPolicy())
  private let device = Device(fingerprint: nil, userAgent: "", address: "")

  private func begin() throws -> Session {
    try XCTUnwrap(store.beginSession(ofUser: "u1", named: "alice", on: device, at: now))
  }

  private func refresh(
    _ session: Session, _ token: RefreshTokenRecord
  ) throws -> SessionStore.RefreshOutcome<String> {
    try store.refresh(
      ofUser: "u1",
      with: PresentedToken(session: session.id, id: token.id, fingerprint: nil), at: now,
      owner: { $0 })
  }

  func testSignInIsOneSessionAndTheOneThatIsAnswered() throws {
    let session = try begin()
    XCTAssertEqual(try store.sessions(ofUser: "u1", at: now), [session])
  }

  func testRefreshRotatesOnceAndAnswersWhatIsKept() throws {
    let session = try begin()
    guard case .refreshed(_, let next, _) = try refresh(session, session.current) else {
      return XCTFail("not refreshed")
    }
    XCTAssertEqual(try store.sessions(ofUser: "u1", at: now), [next])
    XCTAssertEqual(next.recent.map(\.id), [session.current.id])
  }

  func testSessionIsEndedAndThatIsSaid() throws {
    let (first, second) = (try begin(), try begin())
    XCTAssertTrue(try store.endSession(first.id, ofUser: "u1", at: now))
    XCTAssertFalse(try store.endSession(first.id, ofUser: "u1", at: now))
    XCTAssertEqual(try store.sessions(ofUser: "u1", at: now), [second])
  }
}
