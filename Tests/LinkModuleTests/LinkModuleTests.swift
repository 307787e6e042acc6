import Accounts
import DocumentStore
import FileDocumentStore
import Foundation
import HTTPTypes
import HandlerKit
import Sessions
import TestSupport
import XCTest

final class LinkModuleTests: TemporaryFolderTestCase {
  private static let new = "lanterns over the quay"

  func testTheNewPasswordCountsAndAllSessionsEnd() async throws {
    let house = try await TestHouse(folder: folder)
    let user = try house.addUser("alice")
    let session = await house.login("alice")
    let token = try house.link("alice")
    let response = await use(house, token)
    XCTAssertEqual(response.status, .noContent)
    XCTAssertTrue(response.headers[values: .setCookie].isEmpty)

    let old = await house.login("alice")
    XCTAssertEqual(old.text, "Username or password is wrong!")
    let access = await house.router.respond(
      to: .make(.get, "/current-user", bearer: session.accessToken))
    XCTAssertEqual(access.status, .unauthorized)
    let refresh = await house.refresh(session.refreshToken)
    XCTAssertEqual(refresh.status, .forbidden)
    let signIn = await login(house, Self.new)
    XCTAssertEqual(signIn.status, .ok)
    let now = try XCTUnwrap(house.users.activeUser(named: "alice", id: user.id))
    XCTAssertGreaterThan(now.browserGeneration, user.browserGeneration)
    XCTAssertEqual(try house.documents.keys(of: PasswordLink.self), [])
  }

  func testP13_usedAgainAnsweredLikeOneThatNeverWas() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let token = try house.link("alice")
    let first = await use(house, token)
    XCTAssertEqual(first.status, .noContent)
    let secret = token.split(separator: ".")[1]
    var answers: Set<String> = []
    for text in [
      token, try house.link("bob", adding: true) + "x", "bm9ib2R5.\(secret)", "x", ".", "..", "é",
      "\(token).\(secret)", String(repeating: "a", count: 10_000), "Ym9i.\(secret)",
      ".\(secret)", token.uppercased(),
    ] {
      let answer = await use(house, text, "another lantern by the quay")
      XCTAssertEqual(answer.status, .forbidden, text)
      answers.insert("\(answer.text) \(answer.headers)")
    }
    XCTAssertEqual(answers.count, 1)
    let signIn = await login(house, Self.new)
    XCTAssertEqual(signIn.status, .ok)
  }

  func testP13_goodFor24HoursAndNoLonger() async throws {
    for (age, status) in [(86_399, HTTPResponse.Status.noContent), (86_400, .forbidden)] {
      let house = try await TestHouse(folder: "\(folder)/\(age)")
      try house.addUser("alice")
      let token = try house.link("alice")
      let response = await use(house, token, at: TestHouse.now + TimeInterval(age))
      XCTAssertEqual(response.status, status)
    }
  }

  func testP13_theUserIsDisabledRemovedOrAnotherOfTheSameName() async throws {
    for fault in 0..<3 {
      let house = try await TestHouse(folder: "\(folder)/\(fault)")
      try house.addUser("alice")
      let token = try house.link("alice")
      try house.documents.update(User.self, "alice") { user in
        if fault == 0 { user?.isDisabled = true } else { user = nil }
      }
      if fault == 2 { try house.addUser("alice") }
      let response = await use(house, token)
      XCTAssertEqual(response.status, .forbidden)
      if fault == 2 {
        let signIn = await house.login("alice")
        XCTAssertEqual(signIn.status, .ok)
      } else {
        XCTAssertThrowsError(try house.link("alice"))
      }
    }
  }

  func testP13_ofTwoLinksTheNewerCounts() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let (old, new) = (try house.link("alice"), try house.link("alice"))
    XCTAssertEqual(try house.documents.keys(of: PasswordLink.self), ["alice"])
    let first = await use(house, old)
    XCTAssertEqual(first.status, .forbidden)
    let second = await use(house, new)
    XCTAssertEqual(second.status, .noContent)
  }

  /// While its password is hashed.
  func testP13_aNewerLinkIsMadeWhileTheOldOneIsUsed() async throws {
    let store = StoreWithMoment(try FileDocumentStore(path: folder))
    let house = try await TestHouse(folder: folder, documents: store)
    try house.addUser("alice")
    let old = try house.link("alice")
    var new = ""
    store.beforeUpdate(of: User.self) { new = try house.link("alice") }
    let first = await use(house, old)
    XCTAssertEqual(first.status, .forbidden)
    let second = await use(house, new)
    XCTAssertEqual(second.status, .noContent)
  }

  func testP13_aRefusedPasswordLeavesTheLinkGoodAndTheSessionsAlive() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let session = await house.login("alice")
    let token = try house.link("alice")
    for bad in ["too short", "passwordpassword", String(repeating: "x", count: 1025)] {
      let response = await use(house, token, bad)
      XCTAssertEqual(response.status, .badRequest)
      XCTAssertTrue(response.text.hasPrefix("The password is too "), response.text)
    }
    let refresh = await house.refresh(session.refreshToken)
    XCTAssertEqual(refresh.status, .ok)
    let response = await use(house, token)
    XCTAssertEqual(response.status, .noContent)
  }

  func testP13_usedTwiceAtOnceOneWins() async throws {
    for round in 0..<10 {
      let house = try await TestHouse(folder: "\(folder)/\(round)")
      try house.addUser("alice")
      let token = try house.link("alice")
      let passwords = (0..<4).map { "lanterns over quay number \($0)" }
      let winners = await withTaskGroup(of: String?.self) { group in
        for password in passwords {
          group.addTask {
            let status = await use(house, token, password).status
            XCTAssertTrue([.noContent, .forbidden].contains(status), "\(status)")
            return status == .noContent ? password : nil
          }
        }
        return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
      }
      XCTAssertEqual(winners.count, 1)
      let signIn = await login(house, winners.first ?? "")
      XCTAssertEqual(signIn.status, .ok)
    }
  }

  func testAChangedPasswordEndsTheLink() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let token = try house.link("alice")
    let access = await house.login("alice").accessToken
    let change = await house.router.respond(
      to: .make(
        .post, "/password",
        json: ["currentPassword": TestHouse.password, "newPassword": Self.new], bearer: access))
    XCTAssertEqual(change.status, .noContent)
    let response = await use(house, token, "another lantern by the quay")
    XCTAssertEqual(response.status, .forbidden)
    let again = await use(house, try house.link("alice"), "another lantern by the quay")
    XCTAssertEqual(again.status, .noContent)
  }

  /// It found the old password right, and begins its session after the others were ended.
  func testE8_aSignInUnderWayDoesNotSurvive() async throws {
    let store = StoreWithMoment(try FileDocumentStore(path: folder))
    let house = try await TestHouse(folder: folder, documents: store)
    let user = try house.addUser("alice")
    let token = try house.link("alice")
    store.withinUpdate(of: User.self) {
      _ = try house.sessions.beginSession(
        ofUser: user.id, named: user.username, passwordGeneration: user.passwordGeneration,
        on: .init(fingerprint: nil, userAgent: "", address: ""), at: TestHouse.now,
        isStillAdmitted: { try house.users.isUnchanged(user) })
    }
    let response = await use(house, token)
    XCTAssertEqual(response.status, .noContent)
    XCTAssertEqual(try house.sessions.sessions(ofUser: user.id, at: TestHouse.now), [])
  }

  func testP13_guessedTokensCostNoHashAndNoWrite() async throws {
    let counting = StoreWithMoment(try FileDocumentStore(path: folder))
    // Nobody has room in it.
    let full = try PasswordHasher(cost: .least, concurrency: 1, waitingLimit: -1)
    let setUp = try await TestHouse(folder: folder)
    try setUp.addUser("alice")
    let token = try setUp.link("alice")
    let house = try await TestHouse(folder: folder, documents: counting, passwords: full)
    let name = token.split(separator: ".")[0]
    for guess in ["\(name).\(String(repeating: "A", count: 43))", "x.y", "bm9ib2R5"] {
      let response = await use(house, guess)
      XCTAssertEqual(response.status, .forbidden)
    }
    XCTAssertEqual(counting.updates, 0)
  }

  func testP13_whatIsKeptOpensNothing() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let token = try house.link("alice")
    let secret = String(token.split(separator: ".")[1])
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(path)") else { continue }
      XCTAssertFalse(String(decoding: bytes, as: UTF8.self).contains(secret), path)
    }
  }

  func testB8_otherTypesThanTextAreRefused() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let token = try house.link("alice")
    for value: Any in [1, true, NSNull(), [], [:], ""] {
      for json in [
        ["token": value, "newPassword": Self.new], ["token": token, "newPassword": value],
      ] {
        let response = await house.router.respond(to: .make(.post, "/link", json: json))
        XCTAssertEqual(response.text, "Please enter valid data!")
      }
    }
  }

  func testExpiredLinksAreSweptAndNoOthers() async throws {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    try house.addUser("bob")
    _ = try house.link("alice")
    _ = try house.link("bob", at: TestHouse.now + 60)
    let swept = try PasswordLinks.sweep(house.documents, at: TestHouse.now + 86_400)
    XCTAssertEqual(swept, 1)
    XCTAssertEqual(try house.documents.keys(of: PasswordLink.self), ["bob"])
  }

  func testAUserWithoutAPasswordSignsInOnlyAfterTheLink() async throws {
    let house = try await TestHouse(folder: folder)
    _ = try house.users.add(
      XCTUnwrap(Username("dana")), profile: .init(email: "dana@example.com"),
      passwordHash: house.passwords.hashOfNothing())
    let token = try house.link("dana")
    let early = await login(house, Self.new, "dana")
    XCTAssertEqual(early.text, "Username or password is wrong!")
    let response = await use(house, token)
    XCTAssertEqual(response.status, .noContent)
    let signIn = await login(house, Self.new, "dana")
    XCTAssertEqual(signIn.status, .ok)
  }

  private func login(
    _ house: TestHouse, _ password: String, _ name: String = "alice"
  ) async -> Response {
    await house.router.respond(
      to: .make(.post, "/login", json: ["username": name, "password": password]))
  }
}

private func use(
  _ house: TestHouse, _ token: String, _ password: String = "lanterns over the quay",
  at time: Date = TestHouse.now
) async -> Response {
  await house.router.respond(
    to: .make(.post, "/link", json: ["token": token, "newPassword": password], at: time))
}

extension TestHouse {
  fileprivate func link(
    _ name: String, adding: Bool = false, at time: Date = TestHouse.now
  ) throws -> String {
    if adding { try addUser(name) }
    let username = try XCTUnwrap(Username(name))
    return try PasswordLinks(documents: documents).make(for: username, at: time)
  }
}

/// Does something once before or within an update, and counts updates. `@unchecked Sendable`: used
/// by one request at a time.
private final class StoreWithMoment: DocumentStore, @unchecked Sendable {
  private let store: any DocumentStore
  private var before: (type: any Document.Type, body: () throws -> Void)?
  private var within: (type: any Document.Type, body: () throws -> Void)?
  private(set) var updates = 0

  init(_ store: any DocumentStore) { self.store = store }

  func beforeUpdate(of type: any Document.Type, _ body: @escaping () throws -> Void) {
    before = (type, body)
  }

  func withinUpdate(of type: any Document.Type, _ body: @escaping () throws -> Void) {
    within = (type, body)
  }

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? { try store.read(type, key) }
  func keys<D: Document>(of type: D.Type) throws -> [String] { try store.keys(of: type) }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    updates += 1
    if let moment = before, moment.type == type {
      before = nil
      try moment.body()
    }
    return try store.update(type, key) { document in
      let result = try change(&document)
      if let moment = within, moment.type == type {
        within = nil
        try moment.body()
      }
      return result
    }
  }
}
