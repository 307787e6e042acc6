import Accounts
import DocumentStore
import FileDocumentStore
import Foundation
import TestSupport
import XCTest

final class UserDirectoryTests: TemporaryFolderTestCase {
  private func directory() throws -> UserDirectory {
    UserDirectory(documents: try FileDocumentStore(path: "\(folder)/data"))
  }

  private func name(_ text: String) throws -> Username { try XCTUnwrap(Username(text), text) }

  @discardableResult
  private func add(_ text: String) throws -> User {
    try directory().add(
      name(text), profile: .init(email: "\(text)@example.com"), passwordHash: "hash of \(text)")
  }

  func testF17_anyNameIsKeptUnderTheDataFolderAndApartFromAllOthers() throws {
    let names = [
      "../x", "/abs", ".", "..", "con", "x.", "x.tmp", "x.lock", ".lock", "x.json", "x", "%2e", "*",
      "😀", "é", "users/alice", "a\\b", "-rf", "$(id)",
    ]
    let users = try names.map(add)
    for (name, user) in zip(names, users) {
      XCTAssertEqual(try directory().user(named: self.name(name)), user)
    }
    XCTAssertEqual(Set(try directory().all().users.map(\.username)), Set(names))
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["data"])
    XCTAssertTrue(try files().allSatisfy { $0.hasPrefix("data/users/") })
  }

  /// Nothing of ours writes such numbers; a document that was edited by hand may have them.
  func testF13_numbersBeyondAnyMeasureStopNoChange() throws {
    let json = """
      {"id":"u","username":"alice","profile":{"email":"","firstName":"","lastName":"","gender":"",\
      "phone":"","city":""},"passwordHash":"h","passwordGeneration":\(Int.max),"isDisabled":false,\
      "signOutsEverywhere":\(Int.max),"strangersFailures":\(Int.min)}
      """
    let user = try DocumentCoder.decode(User.self, from: Array(json.utf8))
    let store = try FileDocumentStore(path: "\(folder)/data")
    try store.update(User.self, "alice") { $0 = user }
    let directory = UserDirectory(documents: store)
    XCTAssertFalse(try directory.countStrangersFailure(at: user, called: "alice"))
    XCTAssertNoThrow(try directory.forgetBrowsers(of: user))
    XCTAssertNotEqual(user.browserGeneration, user.passwordGeneration)
    XCTAssertTrue(try directory.changePassword(of: user, toHash: "other"))
  }

  func testGroupsTakeThePlaceOfOthersAndThoseOfEarlierDocumentsAreNone() throws {
    let user = try add("alice")
    let directory = try directory()
    XCTAssertEqual(user.groups, [])
    XCTAssertFalse(
      String(decoding: try JSONEncoder().encode(user), as: UTF8.self).contains("roup"))
    func set(_ groups: String...) throws -> [String]? {
      let names = try groups.map { try XCTUnwrap(GroupName($0)) }
      XCTAssertTrue(try directory.setGroups(of: name("alice"), to: names))
      return try directory.user(named: name("alice"))?.groups
    }
    XCTAssertEqual(try set("ops", "web"), ["ops", "web"])
    XCTAssertEqual(try set("web", "a.b"), ["web", "a.b"])
    XCTAssertEqual(try set(), [])
    XCTAssertEqual(try directory.user(named: name("alice")), user)
    XCTAssertFalse(try directory.setGroups(of: name("bob"), to: []))
    XCTAssertNil(try directory.user(named: name("bob")))
  }

  func testJ12_nameIsGivenOnce() throws {
    let first = try add("alice")
    XCTAssertThrowsError(try add("Alice")) { XCTAssertTrue($0 is UsernameTaken) }
    XCTAssertEqual(try directory().user(named: name("alice")), first)
  }

  func testAddedAtOnceByManyItIsGivenToOne() throws {
    let directory = try directory()
    let username = try name("alice")
    let ids = onThreads(20) { number in
      try? directory.add(username, profile: .init(email: "\(number)"), passwordHash: "h").id
    }
    let given = ids.compactMap(\.self)
    XCTAssertEqual(given, [try directory.user(named: username)?.id].compactMap(\.self))
  }

  func testActiveUserHasTheNameAndTheIDAndMaySignIn() throws {
    let user = try add("alice")
    let directory = try directory()
    XCTAssertEqual(try directory.activeUser(named: "alice", id: user.id), user)
    XCTAssertNil(try directory.activeUser(named: "alice", id: "other"))
    XCTAssertNil(try directory.activeUser(named: "bob", id: user.id))
    XCTAssertNil(try directory.activeUser(named: "a b", id: user.id))
    try FileDocumentStore(path: "\(folder)/data").update(User.self, "alice") {
      $0?.isDisabled = true
    }
    XCTAssertNil(try directory.activeUser(named: "alice", id: user.id))
    XCTAssertNotNil(try directory.user(named: name("alice")))
  }

  func testNewHashNeverReplacesAPasswordThatWasChangedMeanwhile() throws {
    let user = try add("alice")
    let directory = try directory()
    XCTAssertTrue(try directory.changePassword(of: user, toHash: "second"))
    XCTAssertFalse(try directory.isUnchanged(user))
    try directory.renewPasswordHash(of: user, with: "third")
    XCTAssertFalse(try directory.changePassword(of: user, toHash: "fourth"))
    XCTAssertEqual(try directory.user(named: name("alice"))?.passwordHash, "second")
  }

  func testPreparesOnlyForAPasswordThatWillBeChanged() throws {
    struct Trouble: Error {}
    let user = try add("alice")
    let directory = try directory()
    XCTAssertThrowsError(
      try directory.changePassword(of: user, toHash: "second") { throw Trouble() })
    XCTAssertTrue(try directory.isUnchanged(user))
    XCTAssertTrue(try directory.changePassword(of: user, toHash: "second"))
    XCTAssertFalse(
      try directory.changePassword(of: user, toHash: "third") { XCTFail("too late") })
  }

  func testAnotherHashOfTheSamePasswordIsNoChange() throws {
    let user = try add("alice")
    let directory = try directory()
    try directory.renewPasswordHash(of: user, with: "second")
    XCTAssertTrue(try directory.isUnchanged(user))
    XCTAssertEqual(try directory.user(named: name("alice"))?.passwordHash, "second")
    XCTAssertTrue(try directory.changePassword(of: user, toHash: "third"))
  }

  func testUserOfTheSameNameHasAnotherID() throws {
    let first = try add("alice")
    try FileDocumentStore(path: "\(folder)/data").update(User.self, "alice") { $0 = nil }
    XCTAssertNotEqual(try add("alice").id, first.id)
  }
}
