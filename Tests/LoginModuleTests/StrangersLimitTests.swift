import Accounts
import FileDocumentStore
import ForeignInput
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// A hundred failures of strangers in a row close an account to strangers.
final class StrangersLimitTests: LoginTestCase {
  private static let closed =
    "Too many wrong passwords were tried for this account. Sign in from a browser where you have "
    + "signed in before, or ask for a link to choose a new password."
  private static let new = "another horse by the quay"

  private func signIn(
    _ house: TestHouse, _ password: String = TestHouse.password, _ name: String = "alice",
    device: String? = nil, accept: String? = nil, from address: String = "192.0.2.1",
    after seconds: TimeInterval = 0
  ) async -> Response {
    var json = ["username": name, "password": password]
    json["device"] = device
    var request = Request.make(
      .post, "/login", json: json, from: address, at: TestHouse.now.addingTimeInterval(seconds))
    request.headers[.accept] = accept
    return await house.router.respond(to: request)
  }

  /// Fails as often as so many strangers may, each from an address of its own, a quarter of an hour
  /// apart.
  private func fail(
    _ times: Int, _ house: TestHouse, _ name: String = "alice", from start: TimeInterval = 0
  ) async {
    for number in 0..<times {
      let response = await signIn(
        house, "wrong", name, from: "203.0.113.\(number)",
        after: start + TimeInterval(number) * 900)
      assert(response, is: 400, Self.wrong, "\(number)")
    }
  }

  func testQ13_afterAHundredFailuresInARowOnlyTheRightPasswordHearsOfIt() async throws {
    let house = try await house(isThrottled: true)
    let device = await signIn(house, device: "").json["device"] as? String
    for name in ["alice", "nobody"] { await fail(100, house, name) }
    let later: TimeInterval = 100 * 900

    assert(await signIn(house, after: later), is: 403, Self.closed)
    let problem = await signIn(house, accept: "application/problem+json", after: later)
    XCTAssertEqual(problem.json["code"] as? String, "closed_to_strangers")
    // Everybody else hears what they ever did.
    for name in ["alice", "nobody"] {
      assert(await signIn(house, "wrong", name, after: later), is: 400, Self.wrong)
    }
    assert(await signIn(house, TestHouse.password, "nobody", after: later), is: 400, Self.wrong)

    // The owner's browser goes on, and lets no stranger in by that.
    let known = await signIn(house, device: device, after: later)
    XCTAssertEqual(known.status, .ok)
    assert(await signIn(house, after: later), is: 403, Self.closed)
  }

  func testQ13_theRowSurvivesSweepsRestartsOtherKeysAndAYear() async throws {
    let house = try await house(isThrottled: true)
    await fail(60, house)
    let year: TimeInterval = 365 * 86_400
    let time = TestHouse.now.addingTimeInterval(year)
    XCTAssertGreaterThan(try Throttle.sweep(house.documents, at: time), 0)
    _ = try house.sessions.sweep(at: time)
    let again = try await TestHouse(folder: folder, isThrottled: true)
    await fail(39, again, from: year)
    await fail(1, again, from: 2 * year)
    assert(await signIn(again, after: 3 * year), is: 403, Self.closed)
  }

  func testQ13_anAdmittedSignInBeginsTheRowAnewAndAnotherDoesNot() async throws {
    let house = try await house(isThrottled: true)
    let device = await signIn(house, device: "").json["device"] as? String
    let row: TimeInterval = 200 * 900
    await fail(99, house)
    let stranger = await signIn(house, after: row)
    XCTAssertEqual(stranger.status, .ok)
    await fail(99, house, from: row)
    let known = await signIn(house, device: device, after: 2 * row)
    XCTAssertEqual(known.status, .ok)
    await fail(100, house, from: 2 * row)
    for times in 3..<6 {
      assert(await signIn(house, after: Double(times) * row), is: 403, Self.closed)
    }
  }

  func testQ13_aLinkANewPasswordOrAnOperatorOpensIt() async throws {
    let house = try await house(isThrottled: true)
    let alice = try XCTUnwrap(Username("alice"))
    func close() throws {
      for _ in 0..<100 {
        _ = try house.users.countStrangersFailure(
          at: house.users.user(named: alice), called: "alice")
      }
    }
    let access = await signIn(house).accessToken
    try close()
    assert(await signIn(house), is: 403, Self.closed)
    XCTAssertEqual(try house.users.enable(alice)?.isChanged, true)
    let enabled = await signIn(house)
    XCTAssertEqual(enabled.status, .ok)

    try close()
    let change = await house.router.respond(
      to: .make(
        .post, "/password",
        json: ["currentPassword": TestHouse.password, "newPassword": Self.new], bearer: access))
    XCTAssertEqual(change.status, .noContent)
    let changed = await signIn(house, Self.new)
    XCTAssertEqual(changed.status, .ok)

    try close()
    let token = try house.service.services.passwordLinks.make(for: alice, at: TestHouse.now)
    assert(await signIn(house, Self.new), is: 403, Self.closed)
    let link = await house.router.respond(
      to: .make(.post, "/link", json: ["token": token, "newPassword": Self.new + "!"]))
    XCTAssertEqual(link.status, .noContent)
    let linked = await signIn(house, Self.new + "!")
    XCTAssertEqual(linked.status, .ok)
  }

  func testQ13_theDisabledLearnNothingOfIt() async throws {
    let house = try await house(isThrottled: true)
    _ = try house.users.disable(XCTUnwrap(Username("alice")))
    await fail(100, house)
    assert(await signIn(house, after: 100 * 900), is: 400, Self.wrong)
  }

  /// As many updates for names that there are as for others, and a bounded number of documents.
  func testQ13_J3_Q6_Q12_namesThatDoNotExistCostWhatOthersCostAndKeepNothing() async throws {
    let own = try await house(isThrottled: true)
    try own.addUser("disabled")
    _ = try own.users.disable(XCTUnwrap(Username("disabled")))
    let store = CountingStore(own.documents)
    let house = try await TestHouse(folder: folder, isThrottled: true, documents: store)
    // The decoys are made once.
    _ = await signIn(house, "wrong", "nobody")
    for name in ["alice", "disabled", "nobody", "no body"] {
      for _ in 0..<3 {
        let (updates, accesses) = (store.updates, store.accesses)
        assert(await signIn(house, "wrong", name), is: 400, Self.wrong, name)
        XCTAssertEqual(store.updates - updates, 3, name)
        XCTAssertEqual(store.accesses - accesses, 7, name)
      }
    }
    for number in 0..<60 {
      _ = await signIn(house, "wrong", "invented\(number)", from: "198.51.100.\(number)")
    }
    let decoys = try files().filter { $0.hasPrefix("decoy/") && $0.hasSuffix(".json") }
      .filter { !$0.contains("/.") }
    XCTAssertEqual(decoys.count, 16)
    XCTAssertEqual(try house.users.all().users.count, 2)
  }

  func testQ13_whatIsNoGuessDoesNotCount() async throws {
    let house = try await house(isThrottled: true)
    let long = String(repeating: "x", count: 1_025)
    for _ in 0..<110 { assert(await signIn(house, long), is: 400, Self.wrong) }
    for number in 0..<5 {
      let device = await signIn(house, device: "", from: "192.0.2.\(number)").json["device"]
      for _ in 0..<20 { _ = await signIn(house, "wrong", device: device as? String) }
    }
    let right = await signIn(house)
    XCTAssertEqual(right.status, .ok)
    let unlimited = try await self.house(in: "\(folder)/unlimited")
    for _ in 0..<110 { assert(await signIn(unlimited, "wrong"), is: 400, Self.wrong) }
    let free = await signIn(unlimited)
    XCTAssertEqual(free.status, .ok, "without a throttle nothing counts")
  }

  private func house(in folder: String) async throws -> TestHouse {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    return house
  }
}
