import DocumentStore
import Sessions
import TestSupport
import XCTest

final class SweepTests: TemporaryFolderTestCase {
  private let device = Device(fingerprint: nil, userAgent: "", address: "")

  /// Nothing of ours writes such times; a document that was edited by hand may have them.
  func testF13_timesBeyondAnyMeasureEndOrGoOnAndStopNothing() throws {
    for (expiry, end) in [
      ("\(Int.max)", "1e300"), ("\(Int.min)", "1e300"), ("\(Int.min)", "-1e300"), ("0", "1e19"),
    ] {
      let json = """
        {"username":"alice","sessions":[{"id":"s","createdAt":-1e300,"lastUsedAt":1e300,\
        "endsAt":\(end),"current":{"id":"j","issuedAt":\(Int.min),"expiresAt":\(expiry)},\
        "recent":[{"id":"r","replacedAt":1e300}],"userAgent":"","address":""}]}
        """
      let sessions = try DocumentCoder.decode(UserSessions.self, from: Array(json.utf8))
      let isLive = expiry == "\(Int.max)"
      XCTAssertEqual(sessions.live(at: TestHouse.now).count, isLive ? 1 : 0)
      for id in ["j", "r"] {
        var sessions = sessions
        let token = PresentedToken(session: "s", id: id, fingerprint: nil)
        let outcome = sessions.refresh(with: token, at: TestHouse.now, policy: SessionPolicy())
        XCTAssertEqual(outcome.decision, isLive ? id == "j" ? .rotate : .reuse : .noSession)
      }
    }
  }

  func testExpiredSessionsGoAndTheDocumentsOfThoseWhoHaveNoneLeft() throws {
    let documents = try TestStore.open(folder: folder)
    let store = SessionStore(documents: documents, policy: SessionPolicy(refreshLifetime: 60))
    let later = TestHouse.now.addingTimeInterval(100)
    for user in ["gone", "both"] {
      _ = try store.beginSession(ofUser: user, named: user, on: device, at: TestHouse.now)
    }
    for user in ["both", "fresh"] {
      _ = try store.beginSession(ofUser: user, named: user, on: device, at: later)
    }
    _ = try store.sweep(at: later)
    XCTAssertNil(try documents.read(UserSessions.self, "gone"))
    for user in ["both", "fresh"] {
      XCTAssertEqual(try documents.read(UserSessions.self, user)?.sessions.count, 1, user)
    }
    XCTAssertEqual(try store.sweep(at: later), 0)
  }
}
