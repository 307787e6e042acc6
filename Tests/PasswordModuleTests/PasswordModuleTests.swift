import Accounts
import DocumentStore
import FileDocumentStore
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

final class PasswordModuleTests: TemporaryFolderTestCase {
  private func login(_ house: TestHouse, _ password: String) async -> Response {
    await house.router.respond(
      to: .make(.post, "/login", json: ["username": "alice", "password": password]))
  }

  func testTheNewPasswordCountsAndAllOtherSessionsEnd() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let other = await house.login("alice")
    let own = await house.login("alice")
    let response = await change(house, own.accessToken)
    XCTAssertEqual(response.status, .noContent)

    let old = await login(house, TestHouse.password)
    XCTAssertEqual(old.text, "Username or password is wrong!")
    let new = await login(house, "battery staple quay")
    XCTAssertEqual(new.status, .ok)
    let ended = await house.refresh(other.refreshToken)
    XCTAssertEqual(ended.status, .forbidden)
    let kept = await house.refresh(own.refreshToken)
    XCTAssertEqual(kept.status, .ok)
  }

  func testAWrongCurrentPasswordChangesNothing() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let other = await house.login("alice")
    let own = await house.login("alice")
    let response = await change(house, own.accessToken, "wrong")
    XCTAssertEqual(response.status, .badRequest)
    XCTAssertEqual(response.text, "Your current password is wrong!")
    let refresh = await house.refresh(other.refreshToken)
    XCTAssertEqual(refresh.status, .ok)
    let again = await house.login("alice")
    XCTAssertEqual(again.status, .ok)
  }

  func testP2_anEndedSessionChangesNothing() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let ended = await house.login("alice")
    let owner = await house.login("alice")
    let logout = await house.router.respond(
      to: .make(.post, "/logout", json: ["refreshToken": ended.refreshToken]))
    XCTAssertEqual(logout.status, .noContent)
    for current in [TestHouse.password, "wrong"] {
      let response = await change(house, ended.accessToken, current)
      XCTAssertEqual(response.status, .unauthorized)
      XCTAssertEqual(response.text, "Token is invalid")
    }
    let refresh = await house.refresh(owner.refreshToken)
    XCTAssertEqual(refresh.status, .ok)
    let again = await login(house, TestHouse.password)
    XCTAssertEqual(again.status, .ok)
  }

  func testD4_aNewPasswordThatIsUnfitIsRefusedWithTheReason() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let access = await house.login("alice").accessToken
    let unit = "qL7Vd0yXzB3nHc9TfWmE5sRk8f14e45f"
    let longest = String(repeating: unit, count: 32)
    for (new, reason) in [
      ("fourteen quays", "too short: it needs at least 15 characters, and has 14."),
      (longest + "x", "too long: it may have at most 1024 bytes."),
      ("alice@example.com", "too easy to guess: it is mostly your name or address."),
      ("passwordpassword", "too easy to guess: it says the same again and again."),
    ] {
      // Whatever the current password: an unfit one tells nothing about it.
      for current in [TestHouse.password, "wrong"] {
        let response = await change(house, access, current, to: new)
        XCTAssertEqual(response.status, .badRequest)
        XCTAssertTrue(response.text.hasPrefix("The password is \(reason)"), response.text)
      }
    }
    let response = await change(house, access, to: longest)
    XCTAssertEqual(response.status, .noContent)
  }

  func testThePolicyIsPublic() async throws {
    let house = try await TestHouse(folder: folder)
    let response = await house.router.respond(to: .make(.get, "/password-policy"))
    XCTAssertEqual(response.text, #"{"maximumBytes":1024,"minimumLength":15}"#)
  }

  func testAPasswordThatIsInUseIsNotHeldToThePolicy() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    XCTAssertLessThan(TestHouse.password.count, 15)
    let signIn = await house.login("alice")
    XCTAssertEqual(signIn.status, .ok)
  }

  func testB8_OtherTypesThanTextAreRefused() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let access = await house.login("alice").accessToken
    for value: Any in [1, true, NSNull(), [], [:], ""] {
      let first = await change(house, access, value)
      XCTAssertEqual(first.text, "Please enter valid data!")
      let second = await change(house, access, to: value)
      XCTAssertEqual(second.text, "Please enter valid data!")
    }
  }

  func testGuessingTheCurrentPasswordIsThrottled() async throws {
    let house = try await TestHouse(folder: folder, isThrottled: true)
    try house.addUser("alice")
    let access = await house.login("alice").accessToken
    var last = HTTPResponse.Status.ok
    for _ in 0..<25 { last = await change(house, access, "wrong").status }
    XCTAssertEqual(last, .tooManyRequests)
  }

  func testQ3_J10_changesAreNotTurnedAwayForAFullHouse() async throws {
    let house = try await TestHouse(folder: folder, isThrottled: true)
    try house.addUser("alice")
    let access = await house.login("alice").accessToken
    // No stranger has room in it.
    let full = try PasswordHasher(cost: .least, concurrency: 1, waitingLimit: -1)
    let busy = try await TestHouse(folder: folder, isThrottled: true, passwords: full)
    let stranger = await login(busy, TestHouse.password)
    XCTAssertEqual(stranger.status.kind, .serverError)
    let response = await change(busy, access)
    XCTAssertEqual(response.status, .noContent)
  }

  /// A sign-in that found the old password right, but comes to its session only after the change.
  func testE8_ASignInUnderWayDoesNotSurviveTheChange() async throws {
    let house = try await TestHouse(folder: folder)
    let user = try house.addUser("alice")
    let access = await house.login("alice").accessToken
    let response = await change(house, access)
    XCTAssertEqual(response.status, .noContent)
    let late = try house.sessions.beginSession(
      ofUser: user.id, named: user.username,
      on: .init(fingerprint: nil, userAgent: "", address: ""), at: TestHouse.now,
      isStillAdmitted: { try house.users.isUnchanged(user) })
    XCTAssertNil(late)
  }

  /// It began after the others were ended, and the store fails before it can be ended like them.
  func testE8_aSignInWithTheOldPasswordEndsAtItsRefreshWhereItCouldNotBeEndedBefore() async throws {
    let store = LateSignInStore(try FileDocumentStore(path: folder))
    let house = try await TestHouse(folder: folder, documents: store)
    let user = try house.addUser("alice")
    let own = await house.login("alice")
    store.arm {
      try house.sessions.beginSession(
        ofUser: user.id, named: user.username, passwordGeneration: user.passwordGeneration,
        on: .init(fingerprint: nil, userAgent: "", address: ""), at: TestHouse.now,
        isStillAdmitted: { try house.users.isUnchanged(user) })
    }
    let response = await change(house, own.accessToken)
    XCTAssertEqual(response.status, .noContent)
    let late = try XCTUnwrap(store.late)
    XCTAssertTrue(try house.sessions.isLive(late.id, ofUser: user.id, at: TestHouse.now))
    let issued = try house.tokens.tokens(
      for: .init(id: user.id, email: user.profile.email, username: user.username),
      session: late.id,
      refresh: (late.current.id, late.current.issuedAt, late.current.expiresAt), at: TestHouse.now)

    let ended = await house.refresh(try XCTUnwrap(issued.refreshToken))
    XCTAssertEqual(ended.status, .forbidden)
    XCTAssertEqual(ended.text, "Refresh token is wrong")
    let left = try house.sessions.sessions(ofUser: user.id, at: TestHouse.now)
    XCTAssertEqual(left.count, 1)
    let kept = await house.refresh(own.refreshToken)
    XCTAssertEqual(kept.status, .ok)
  }

  func testE8_RacingSignInsWithTheOldPasswordLeaveNoSession() async throws {
    // So many that none makes room for another: that would end the session that changes it.
    let house = try await TestHouse(folder: folder, policy: SessionPolicy(limit: 20))
    let user = try house.addUser("alice")
    let own = await house.login("alice")
    await withTaskGroup { group in
      for _ in 0..<8 { group.addTask { _ = await house.login("alice") } }
      group.addTask { _ = await change(house, own.accessToken) }
    }
    let left = try house.sessions.sessions(ofUser: user.id, at: TestHouse.now)
    XCTAssertLessThanOrEqual(left.count, 1)
  }

  /// Two tabs, or a client that asks again: the current password stays right all the time.
  func testE8_Q4_racingChangesToTheSamePasswordNeverHearThatItIsWrong() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let access = await house.login("alice").accessToken
    let same = "battery staple quay"
    let first = await change(house, access, to: same)
    XCTAssertEqual(first.status, .noContent)
    let statuses = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<16 {
        group.addTask { await change(house, access, same, to: same).status.code }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    XCTAssertTrue(statuses.contains(204), "\(statuses)")
    XCTAssertEqual(Set(statuses).subtracting([204, 503]), [])
  }

  func testE8_OfTwoRacingChangesTheLateOneEndsNoSession() async throws {
    for round in 0..<10 {
      let house = try await TestHouse(folder: "\(folder)/\(round)")
      let user = try house.addUser("alice")
      let (one, two) = (await house.login("alice"), await house.login("alice"))
      let begun = try house.sessions.sessions(ofUser: user.id, at: TestHouse.now)
      async let first = change(house, one.accessToken)
      async let second = change(house, two.accessToken, to: "paper clip chain reef")
      let answers = await [first.status, second.status]
      // The late one finds its password wrong, or its session ended by then.
      XCTAssertEqual(answers.count { $0 == .noContent }, 1)
      XCTAssertEqual(Set(answers).subtracting([.noContent, .badRequest, .unauthorized]), [])
      let left = try house.sessions.sessions(ofUser: user.id, at: TestHouse.now)
      XCTAssertEqual(left.map(\.id), [begun[answers[0] == .noContent ? 0 : 1].id])
    }
  }
}

private func change(
  _ house: TestHouse, _ access: String, _ current: Any = TestHouse.password,
  to new: Any = "battery staple quay"
) async -> Response {
  await house.router.respond(
    to: .make(
      .post, "/password", json: ["currentPassword": current, "newPassword": new],
      bearer: access))
}

/// Lets a sign-in begin its session just before a new password is kept, and fails at the next update
/// of sessions. `@unchecked Sendable`: used by one request at a time.
private final class LateSignInStore: DocumentStore, @unchecked Sendable {
  private let store: any DocumentStore
  private var signIn: (() throws -> Session?)?
  private var failsNext = false
  private(set) var late: Session?

  init(_ store: any DocumentStore) { self.store = store }

  func arm(_ signIn: @escaping () throws -> Session?) { self.signIn = signIn }

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? { try store.read(type, key) }
  func keys<D: Document>(of type: D.Type) throws -> [String] { try store.keys(of: type) }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    if type == UserSessions.self, failsNext {
      failsNext = false
      throw DocumentStoreError.unavailable(reason: "test")
    }
    return try store.update(type, key) { document in
      let result = try change(&document)
      if type == User.self, let signIn = self.signIn {
        self.signIn = nil
        late = try signIn()
        failsNext = true
      }
      return result
    }
  }
}
