import Accounts
import DocumentStore
import Foundation
import HandlerKit
import TestSupport
import XCTest

/// The last of a disk is for who has a session.
final class FullStoreTests: LoginTestCase {
  /// A store with no more room than its reserve; new documents in it are its engine's affair.
  private struct ShortStore: DocumentStore {
    let counting: CountingStore

    func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
      try counting.read(type, key)
    }

    func update<D: Document, R>(
      _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
    ) throws -> R { try counting.update(type, key, change) }

    func keys<D: Document>(of type: D.Type) throws -> [String] { try counting.keys(of: type) }

    func requireRoom() throws { throw DocumentStoreError.full(reason: "the disk has no room") }
  }

  func testF35_withoutRoomSignInsAreRefusedBeforeTheStoreIsAskedAndAllElseGoesOn() async throws {
    let roomy = try await house(isThrottled: true)
    let first = await roomy.login("alice")
    let other = await roomy.login("alice")
    XCTAssertEqual(other.status, .ok)

    let counting = CountingStore(roomy.documents)
    let short = try await TestHouse(
      folder: folder, isThrottled: true, documents: ShortStore(counting: counting))
    let before = counting.accesses
    for json in [
      ["username": "alice", "password": TestHouse.password],
      ["username": "alice", "password": "wrong"], ["username": "nobody", "password": "wrong"],
    ] {
      let refused = await short.router.respond(to: .make(.post, "/login", json: json))
      XCTAssertEqual(refused.status.code, 503)
      XCTAssertEqual(refused.text, "The service is unavailable for the moment")
      XCTAssertEqual(refused.headers[.retryAfter], "30")
    }
    XCTAssertEqual(counting.accesses, before)

    let refreshed = await short.refresh(first.refreshToken)
    XCTAssertEqual(refreshed.status, .ok)
    let new = ["currentPassword": TestHouse.password, "newPassword": "wind over the cedar gate"]
    let changed = await short.router.respond(
      to: .make(.post, "/password", json: new, bearer: refreshed.accessToken))
    XCTAssertEqual(changed.status.code, 204)
    let out = await short.router.respond(
      to: .make(.post, "/logout", json: ["refreshToken": refreshed.refreshToken]))
    XCTAssertEqual(out.status.code, 204)
  }

  func testWhatCannotBeASignInIsStillTheClientsFault() async throws {
    let roomy = try await house()
    let short = try await TestHouse(
      folder: folder, documents: ShortStore(counting: CountingStore(roomy.documents)))
    assert(await post("{}", to: short), is: 400, Self.invalid)
  }
}
