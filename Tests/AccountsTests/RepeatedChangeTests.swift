import Accounts
import DocumentStore
import ForeignInput
import MemoryDocumentStore
import XCTest

/// Engines may run a change again: none of these shows it.
final class RepeatedChangeTests: XCTestCase {
  private let documents = MemoryDocumentStore(repeatsChanges: true)
  private var users: UserDirectory { UserDirectory(documents: documents) }

  private func addUser() throws -> User {
    try users.add(
      XCTUnwrap(Username("alice")), profile: User.Profile(email: "alice@example.com"),
      passwordHash: "old")
  }

  func testUserIsAddedOnceUnderTheIDThatIsAnswered() throws {
    let user = try addUser()
    XCTAssertEqual(try users.all().users, [user])
    XCTAssertThrowsError(try addUser()) { XCTAssert($0 is UsernameTaken) }
  }

  func testPasswordIsChangedOnce() throws {
    let user = try addUser()
    XCTAssertTrue(try users.changePassword(of: user, toHash: "new"))
    let changed = try XCTUnwrap(users.all().users.first)
    XCTAssertEqual(changed.passwordHash, "new")
    XCTAssertEqual(changed.passwordGeneration, user.passwordGeneration + 1)
    XCTAssertFalse(try users.changePassword(of: user, toHash: "late"))
  }

  func testBrowsersAreForgottenOnce() throws {
    let user = try addUser()
    try users.forgetBrowsers(of: user)
    XCTAssertEqual(try users.all().users.first?.browserGeneration, user.browserGeneration + 1)
  }

  func testAttemptIsCountedOnce() throws {
    let throttle = Throttle(documents: documents, key: Array(0..<32))
    let account = ForeignText("alice")
    let guesser = Guesser.stranger(address: "192.0.2.1")
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    var admitted = 0
    while admitted < 100, try throttle.admit(guesser, at: account, time: now) == nil {
      admitted += 1
    }
    XCTAssertEqual(admitted, 20)
  }
}
