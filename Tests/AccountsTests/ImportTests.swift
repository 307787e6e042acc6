import Accounts
import DocumentStore
import FileDocumentStore
import TestSupport
import XCTest

/// What becomes of a user of a file, beside a user of the store.
final class ImportTests: TemporaryFolderTestCase {
  private func directory() throws -> UserDirectory {
    UserDirectory(documents: try FileDocumentStore(path: "\(folder)/data"))
  }

  private func record(_ name: String, _ profile: [User.Profile.Field: String]) throws -> UserRecord
  {
    var record = UserRecord(username: try XCTUnwrap(Username(name)))
    record.profile = profile
    return record
  }

  private func user(_ name: String) throws -> User? {
    try directory().user(named: XCTUnwrap(Username(name)))
  }

  func testANewUserHasWhatTheRecordSays() throws {
    var record = try record("alice", [.email: "a@b.c", .city: "Elm"])
    record.id = "17"
    record.groups = try GroupName.list(["ops", "web", "ops"])
    record.isDisabled = true
    XCTAssertEqual(try directory().put(record, passwordHash: "h", in: .newUsers), .added)
    let user = try XCTUnwrap(user("alice"))
    XCTAssertEqual(user.id, "17")
    XCTAssertEqual(user.profile, .init(email: "a@b.c", city: "Elm"))
    XCTAssertEqual(user.groups, ["ops", "web"])
    XCTAssertTrue(user.isDisabled)
    XCTAssertEqual(user.passwordHash, "h")
    XCTAssertEqual(user.passwordGeneration, 0)
    XCTAssertEqual(try directory().put(record, passwordHash: "h", in: .newUsers), .unchanged)
    XCTAssertEqual(try self.user("alice"), user)
  }

  func testANewUserNeedsAnAddress() throws {
    let outcome = try directory().put(record("alice", [:]), passwordHash: "h", in: .newUsers)
    XCTAssertEqual(outcome, .refused(.noEmail))
    XCTAssertNil(try user("alice"))
  }

  func testAUserWhoDiffersIsChangedOnlyWhereThatIsAskedFor() throws {
    let directory = try directory()
    _ = try directory.put(
      record("alice", [.email: "a@b.c", .city: "Elm"]), passwordHash: "h", in: .newUsers)
    let before = try XCTUnwrap(user("alice"))
    let change = try record("alice", [.city: "Oak"])
    XCTAssertEqual(
      try directory.put(change, passwordHash: "other", in: .newUsers), .refused(.differs))
    XCTAssertEqual(try user("alice"), before)
    XCTAssertEqual(try directory.put(change, passwordHash: "other", in: .changes), .updated)
    let after = try XCTUnwrap(user("alice"))
    XCTAssertEqual(after.profile, .init(email: "a@b.c", city: "Oak"), "what it does not say stays")
    XCTAssertEqual(after.passwordHash, "h", "no password is changed")
    XCTAssertEqual(after.id, before.id)
  }

  func testAPasswordIsSetWithTheEndOfTheSessionsOfItsUserAlone() throws {
    let directory = try directory()
    let alice = try record("alice", [.email: "a@b.c"])
    _ = try directory.put(alice, passwordHash: "h", in: .newUsers)
    var ended: [String] = []
    func put(_ hash: String?) throws -> ImportOutcome {
      try directory.put(alice, passwordHash: hash, in: .passwords) { ended.append($0) }
    }
    for same in ["h", nil] { XCTAssertEqual(try put(same), .unchanged) }
    XCTAssertEqual(ended, [])
    XCTAssertEqual(try put("other"), .updated)
    let user = try XCTUnwrap(user("alice"))
    XCTAssertEqual(ended, [user.id])
    XCTAssertEqual(user.passwordHash, "other")
    XCTAssertEqual(user.passwordGeneration, 1)
  }

  func testAnIDIsNeverChanged() throws {
    var alice = try record("alice", [.email: "a@b.c"])
    _ = try directory().put(alice, passwordHash: "h", in: .newUsers)
    let before = try user("alice")
    alice.id = "17"
    for scope in [ImportScope.newUsers, .changes, .passwords] {
      XCTAssertEqual(try directory().put(alice, passwordHash: "h", in: scope), .refused(.otherID))
    }
    XCTAssertEqual(try user("alice"), before)
  }

  func testADryRunTellsTheOutcomeAndChangesNothing() throws {
    let directory = try directory()
    let alice = try record("alice", [.email: "a@b.c"])
    XCTAssertEqual(
      try directory.put(alice, passwordHash: "h", in: .newUsers, isDryRun: true), .added)
    XCTAssertNil(try user("alice"))
    XCTAssertEqual(try files(), [])
    _ = try directory.put(alice, passwordHash: "h", in: .newUsers)
    let before = try user("alice")
    let change = try record("alice", [.email: "b@b.c"])
    XCTAssertEqual(
      try directory.put(change, passwordHash: "o", in: .passwords, isDryRun: true), .updated)
    XCTAssertEqual(try user("alice"), before)
  }

  func testN8_aUserWhoseRemovalBreaksOffIsThereStill() throws {
    struct Trouble: Error {}
    let directory = try directory()
    _ = try directory.put(record("alice", [.email: "a@b.c"]), passwordHash: "h", in: .newUsers)
    let name = try XCTUnwrap(Username("alice"))
    XCTAssertThrowsError(try directory.remove(name) { _ in throw Trouble() })
    XCTAssertNotNil(try user("alice"))
    var prepared: [String] = []
    XCTAssertEqual(try directory.remove(name) { prepared.append($0.id) }?.username, "alice")
    XCTAssertEqual(prepared.count, 1)
    XCTAssertNil(try user("alice"))
    XCTAssertNil(try directory.remove(name) { _ in XCTFail("nobody is removed") })
  }
}
