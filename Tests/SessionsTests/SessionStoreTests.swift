import DocumentStore
import Foundation
import Sessions
import Synchronization
import TestSupport
import XCTest

final class SessionStoreTests: TemporaryFolderTestCase {
  private static let device = Device(fingerprint: nil, userAgent: "test", address: "192.0.2.1")
  private static let now = TestHouse.now

  private func documents() throws -> any DocumentStore { try TestStore.open(folder: folder) }

  private func store(_ policy: SessionPolicy = SessionPolicy()) throws -> SessionStore {
    SessionStore(documents: try documents(), policy: policy)
  }

  private func sessions() throws -> [Session] {
    try XCTUnwrap(documents().read(UserSessions.self, "u1")).sessions
  }

  func testE1_E6_parallelRefreshesOfOneTokenGetOneSuccessor() throws {
    let store = try store()
    let session = try store.begin(Self.device)
    let ids = onThreads(200) { _ in store.refresh(session, with: session.current.id) }
    let current = try XCTUnwrap(sessions().first).current.id
    XCTAssertNotEqual(current, session.current.id)
    XCTAssertEqual(ids, [String](repeating: current, count: 200))
  }

  func testE1_eachRoundOfParallelRefreshesAddsOneLink() throws {
    let store = try store()
    let session = try store.begin(Self.device)
    var token = session.current.id
    var seen: Set<String> = [token]
    for _ in 0..<10 {
      let presented = token
      let ids = Set(onThreads(20) { _ in store.refresh(session, with: presented) })
      XCTAssertEqual(ids.count, 1)
      token = try XCTUnwrap(ids.first)
      XCTAssertTrue(seen.insert(token).inserted)
    }
    XCTAssertEqual(try XCTUnwrap(sessions().first).current.id, token)
  }

  func testE9_parallelSignInsAreAllKept() throws {
    let store = try store()
    let begun = onThreads(5) { _ in (try? store.begin(Self.device).id) ?? "failed" }
    XCTAssertEqual(Set(try sessions().map(\.id)), Set(begun))
  }

  func testE11_limitHoldsAgainstParallelSignIns() throws {
    let store = try store(SessionPolicy(whenFull: .evictOldest))
    let begun = onThreads(40) { _ in (try? store.begin(Self.device).id) ?? "failed" }
    XCTAssertEqual(Set(begun).count, 40)
    XCTAssertEqual(try sessions().count, 5)
    XCTAssertTrue(Set(try sessions().map(\.id)).isSubset(of: begun))
  }

  func testE10_readsDuringWritesAreAlwaysWhole() throws {
    let store = try store()
    let documents = try documents()
    let session = try store.begin(Self.device)
    let isDone = Mutex(false)
    let results = onThreads(4) { number -> Int in
      if number == 0 {
        var token = session.current.id
        for _ in 0..<60 { token = store.refresh(session, with: token) }
        isDone.withLock { $0 = true }
        return 60
      }
      var reads = 0
      repeat {
        guard let read = try? documents.read(UserSessions.self, "u1"),
          read.sessions.map(\.id) == [session.id]
        else { return -1 }
        reads += 1
      } while !isDone.withLock({ $0 })
      return reads
    }
    XCTAssertFalse(results.contains(-1))
  }

  func testE15_newProcessStillReplaysAndTheGraceIsNotReset() throws {
    let session = try store().begin(Self.device)
    let next = try store().refresh(session, with: session.current.id)
    XCTAssertEqual(try store().refresh(session, with: session.current.id, after: 29), next)
    XCTAssertEqual(try store().refresh(session, with: session.current.id, after: 30), "reuse")
    XCTAssertEqual(try store().refresh(session, with: next, after: 31), "no session")
    XCTAssertEqual(try store().refresh(session, with: next, after: 1), "no session")
  }

  func testReuseIsWritten() throws {
    let other = try store().begin(Self.device)
    let session = try store().begin(Self.device)
    XCTAssertEqual(try store().refresh(session, with: "unknown"), "reuse")
    XCTAssertEqual(try sessions().map(\.id), [other.id])
    XCTAssertEqual(try store().refresh(session, with: session.current.id), "unknown session")
  }

  func testOwnerWhoIsGoneGetsNothingAndNothingChanges() throws {
    let session = try store().begin(Self.device)
    let before = try sessions()
    let outcome = try store().refresh(
      ofUser: "u1",
      with: PresentedToken(session: session.id, id: session.current.id, fingerprint: nil),
      at: Self.now
    ) { username -> String? in
      XCTAssertEqual(username, "alice")
      return nil
    }
    guard case .noOwner = outcome else { return XCTFail("\(outcome)") }
    XCTAssertEqual(try sessions(), before)
  }

  func testE8_sessionsOfAnEarlierPasswordHaveEnded() throws {
    let store = try store()
    let unknown = try store.begin(Self.device)
    let old = try store.begin(Self.device, passwordGeneration: 0)
    let new = try store.begin(Self.device, passwordGeneration: 1)
    func refresh(_ session: Session, _ generation: Int) throws -> Bool {
      let outcome = try store.refresh(
        ofUser: "u1",
        with: PresentedToken(session: session.id, id: session.current.id, fingerprint: nil),
        at: Self.now, owner: { $0 }, passwordGeneration: { _ in generation })
      if case .refreshed = outcome { return true }
      guard case .unknownSession = outcome else {
        XCTFail("\(outcome)")
        return false
      }
      return false
    }
    XCTAssertTrue(try refresh(old, 0))
    XCTAssertFalse(try refresh(old, 1))
    XCTAssertTrue(try refresh(new, 1))
    XCTAssertTrue(try refresh(unknown, 1), "as documents of earlier versions have it")
    XCTAssertEqual(try sessions().map(\.id), [unknown.id, new.id])
  }

  func testE8_theSessionThatSetsAPasswordGoesOnUnderIt() throws {
    let store = try store()
    let caller = try store.begin(Self.device, passwordGeneration: 0)
    _ = try store.begin(Self.device, passwordGeneration: 0)
    XCTAssertTrue(
      try store.endOtherSessions(
        ofUser: "u1", by: caller.id, passwordGeneration: 1, at: Self.now))
    for generation in [0, 1] {
      // Also where the password was not changed in the end.
      let outcome = try store.refresh(
        ofUser: "u1",
        with: PresentedToken(session: caller.id, id: caller.current.id, fingerprint: nil),
        at: Self.now, owner: { $0 }, passwordGeneration: { _ in generation })
      guard case .refreshed = outcome else { return XCTFail("\(outcome)") }
    }
  }

  func testUserWithoutADocumentHasNoSessionAndGetsNone() throws {
    let session = try store().begin(Self.device)
    let outcome = try store().refresh(
      ofUser: "u2",
      with: PresentedToken(session: session.id, id: session.current.id, fingerprint: nil),
      at: Self.now, owner: { $0 })
    guard case .noSession = outcome else { return XCTFail("\(outcome)") }
    XCTAssertNil(try documents().read(UserSessions.self, "u2"))
  }

  func testN7_filesHoldNothingOfATokenAndNoFingerprint() async throws {
    try TestStore.requireFiles()
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let login = await house.login("alice", fingerprint: "canary-fingerprint")
    let refreshed = await house.refresh(login.refreshToken, fingerprint: "canary-fingerprint")
    XCTAssertEqual(refreshed.status, .ok)
    let tokens = [login, refreshed].flatMap { [$0.accessToken, $0.refreshToken] }
    let secrets =
      tokens.flatMap { $0.split(separator: ".").dropFirst().map(String.init) }
      + ["canary-fingerprint", TestHouse.password]
    XCTAssertEqual(secrets.count, 10)
    for name in try files() {
      let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
      for secret in secrets { XCTAssertFalse(text.contains(secret), name) }
    }
  }
}

extension SessionStore {
  fileprivate func begin(_ device: Device, passwordGeneration: Int? = nil) throws -> Session {
    try XCTUnwrap(
      beginSession(
        ofUser: "u1", named: "alice", passwordGeneration: passwordGeneration, on: device,
        at: TestHouse.now))
  }

  /// The id of the refresh token that comes of it, or why there is none.
  fileprivate func refresh(
    _ session: Session, with token: String, after seconds: TimeInterval = 0
  ) -> String {
    do {
      let outcome = try refresh(
        ofUser: "u1",
        with: PresentedToken(session: session.id, id: token, fingerprint: nil),
        at: TestHouse.now.addingTimeInterval(seconds), owner: { $0 })
      return switch outcome {
      case .refreshed(_, let session, _): session.current.id
      case .reuse: "reuse"
      case .fingerprintDiffers: "fingerprint differs"
      case .unknownSession: "unknown session"
      case .noSession: "no session"
      case .noOwner: "no owner"
      }
    } catch {
      return "\(error)"
    }
  }
}
