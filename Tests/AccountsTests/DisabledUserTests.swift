import DocumentStore
import Foundation
import MemoryDocumentStore
import XCTest

@testable import Accounts

final class DisabledUserTests: XCTestCase {
  private let documents = MemoryDocumentStore()
  private var users: UserDirectory { UserDirectory(documents: documents) }

  private func name(_ text: String) throws -> Username { try XCTUnwrap(Username(text)) }

  private func user() throws -> User? { try users.user(named: name("alice")) }

  override func setUpWithError() throws {
    _ = try users.add(name("alice"), profile: .init(email: "a@example.com"), passwordHash: "h")
  }

  func testDisablingAndEnablingTwiceChangesNothingMore() throws {
    let before = try user()
    XCTAssertEqual(try users.enable(name("alice"))?.isChanged, false)
    for isChanged in [true, false] {
      let done = try users.disable(name("alice"))
      XCTAssertEqual(done?.isChanged, isChanged)
      XCTAssertEqual(done?.user.isDisabled, true)
    }
    for isChanged in [true, false] {
      XCTAssertEqual(try users.enable(name("alice"))?.isChanged, isChanged)
    }
    XCTAssertEqual(try user(), before)
    XCTAssertNil(try users.disable(name("bob")))
    XCTAssertNil(try users.enable(name("bob")))
    XCTAssertNil(try users.user(named: name("bob")))
  }

  func testQ13_theHundredthFailureClosesAndEveryFurtherOneIsCounted() throws {
    let reached = try (1...102).filter { _ in
      try users.countStrangersFailure(at: user(), called: "alice")
    }
    XCTAssertEqual(reached, [100])
    XCTAssertEqual(try user()?.strangersFailures, 102)
    XCTAssertEqual(try user()?.isClosedToStrangers, true)
    XCTAssertFalse(try users.forgiveStrangers(at: XCTUnwrap(user())))
    XCTAssertEqual(try user()?.strangersFailures, 102)
  }

  /// Of two at once, one fails for the hundredth time while the other has the right password.
  func testQ13_J5_aSuccessIsHeldAgainstTheFailuresOfItsOwnMoment() throws {
    try documents.update(User.self, "alice") { $0?.strangersFailures = 99 }
    let early = try XCTUnwrap(user())
    _ = try users.countStrangersFailure(at: early, called: "alice")
    XCTAssertFalse(try users.forgiveStrangers(at: early))
  }

  func testQ13_aNumberThatSomebodyWroteByHandStopsNothing() throws {
    for number in [Int.max, Int.min, -1] {
      try documents.update(User.self, "alice") { $0?.strangersFailures = number }
      _ = try users.countStrangersFailure(at: user(), called: "alice")
      XCTAssertEqual(try user()?.isClosedToStrangers, number == Int.max)
    }
  }

  func testQ13_Q14_aNewPasswordIsNeitherGuessedAtNorTheDemos() throws {
    try documents.update(User.self, "alice") { user in
      user?.strangersFailures = 100
      user?.hasDemoPassword = true
    }
    try users.renewPasswordHash(of: XCTUnwrap(user()), with: "another hash of it")
    XCTAssertEqual(try user()?.isClosedToStrangers, true)
    XCTAssertEqual(try user()?.hasDemoPassword, true)
    XCTAssertTrue(try users.changePassword(of: XCTUnwrap(user()), toHash: "new"))
    XCTAssertEqual(try user()?.isClosedToStrangers, false)
    XCTAssertEqual(try user()?.hasDemoPassword, false)
  }

  /// What documents hold of users who have neither is what it was before.
  func testF32_documentsOfOthersSayNothingOfIt() throws {
    let text = String(decoding: try JSONEncoder().encode(XCTUnwrap(user())), as: UTF8.self)
    for word in ["strangers", "emo"] { XCTAssertFalse(text.contains(word), text) }
  }

  func testQ14_theDemosPasswordIsNoNewPasswordHoweverShortOnesMayBe() {
    XCTAssertThrowsError(
      try PasswordPolicy(minimumLength: 8).password(
        "postern-demo", forUser: "dora", .init(email: "dora@example.com"))
    ) { XCTAssertTrue("\($0)".contains("demo"), "\($0)") }
  }
}
