import Accounts
import DocumentStore
import Foundation
import MemoryDocumentStore
import Sessions
import XCTest

@testable import Postern

/// Whose sessions `postern session` finds.
final class SessionFinderTests: XCTestCase {
  private let documents = MemoryDocumentStore()
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private var finder: SessionFinder { SessionFinder(documents: documents, time: now) }
  private var store: SessionStore { SessionStore(documents: documents, policy: SessionPolicy()) }

  private func addUser(_ name: String) throws -> User {
    try UserDirectory(documents: documents).add(
      XCTUnwrap(Username(name)), profile: .init(email: "\(name)@example.com"), passwordHash: "")
  }

  private func begin(
    _ user: User, generation: Int? = 0, userAgent: String = "curl", at time: Date? = nil
  ) throws -> Session {
    let device = Device(fingerprint: nil, userAgent: userAgent, address: "192.0.2.1")
    return try XCTUnwrap(
      store.beginSession(
        ofUser: user.id, named: user.username, passwordGeneration: generation, on: device,
        at: time ?? now))
  }

  func testFindsLiveSessionsOfUsersWhoAreThere() throws {
    let alice = try addUser("alice")
    let live = try begin(alice)
    _ = try begin(addUser("bob"), at: now - 200 * 86_400)
    let gone = try addUser("carol")
    _ = try begin(gone)
    try documents.update(User.self, "carol") { $0 = nil }
    // Somebody else of the same name.
    _ = try addUser("carol")
    var finder = finder
    XCTAssertEqual(try finder.userIDs().count, 3)
    let found = try finder.userIDs().flatMap { finder.sessions(ofUser: $0) }
    XCTAssertEqual(found.map(\.id), [live.id])
    XCTAssertEqual(found.first?.user, "alice")
    XCTAssertFalse(finder.hasUnreadable)
  }

  func testP1_aSessionOfAnEarlierPasswordHasEnded() throws {
    let alice = try addUser("alice")
    _ = try begin(alice)
    let users = UserDirectory(documents: documents)
    XCTAssertTrue(try users.changePassword(of: alice, toHash: "x"))
    let kept = try begin(alice, generation: 1)
    var finder = finder
    XCTAssertEqual(finder.sessions(ofUser: alice.id).map(\.id), [kept.id])
  }

  func testN2_whatABrowserSaidOfItselfSteersNoTerminal() throws {
    let alice = try addUser("alice")
    _ = try begin(alice, userAgent: "a\u{1B}[2J\n\u{202E}b\t\u{9B}c")
    var finder = finder
    let line = try XCTUnwrap(finder.sessions(ofUser: alice.id).first).line
    XCTAssertTrue(line.unicodeScalars.allSatisfy { $0 == "\t" || 0x20...0x7e ~= $0.value }, line)
    XCTAssertEqual(line.split(separator: "\t").count, 7)
    XCTAssertTrue(line.hasSuffix(#"a\u{1B}[2J\n\u{202E}b\t\u{009B}c"#), line)
  }

  func testNamesNoUserThatIsNotThere() throws {
    for name in ["nobody", "no body", ""] {
      XCTAssertThrowsError(try finder.user(named: name)) { XCTAssertTrue($0 is NoSuchUser) }
    }
  }
}
