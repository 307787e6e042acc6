import DocumentStore
import Sessions
import TestSupport
import XCTest

final class SweepTests: TemporaryFolderTestCase {
  private let device = Device(fingerprint: nil, userAgent: "", address: "")

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
