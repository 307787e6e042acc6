import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// The password of the demo accounts, which everybody knows.
final class DemoPasswordTests: LoginTestCase {
  private func house() async throws -> TestHouse {
    let house = try await house(isThrottled: true)
    let hash = try house.passwords.hash(XCTUnwrap(Password(Password.ofDemo)))
    try house.documents.update(User.self, "alice") { $0?.passwordHash = hash }
    return house
  }

  private func signIn(
    _ house: TestHouse, from address: String, _ headers: HTTPFields = [:],
    after seconds: TimeInterval = 0
  ) async -> Response {
    await house.router.respond(
      to: .make(
        .post, "/login", json: ["username": "alice", "password": Password.ofDemo],
        headers: headers, from: address, at: TestHouse.now.addingTimeInterval(seconds)))
  }

  func testQ14_itSignsInFromThisMachineAlone() async throws {
    let house = try await house()
    for address in ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1", ""] {
      let response = await signIn(house, from: address)
      XCTAssertEqual(response.status, .ok, address)
    }
    let elsewhere = [
      "192.0.2.1", "10.0.0.1", "0.0.0.0", "128.0.0.1", "::", "::2", "2001:db8::1", "::127.0.0.1",
      "::ffff:192.0.2.1", "fe80::1", "unix:", "localhost", "127.0.0.1.example", "127.0.0.1 ",
    ]
    for address in elsewhere {
      assert(await signIn(house, from: address), is: 400, Self.wrong, address)
    }
  }

  /// What a client says of itself does not make it local.
  func testQ14_X7_headersDoNotMakeAClientLocal() async throws {
    let house = try await house()
    for name in ["X-Forwarded-For", "X-Real-IP", "Forwarded"] {
      let headers: HTTPFields = [try XCTUnwrap(HTTPField.Name(name)): "127.0.0.1"]
      assert(await signIn(house, from: "192.0.2.1", headers), is: 400, Self.wrong, name)
    }
  }

  func testQ14_J2_fromElsewhereItCountsLikeAWrongOne() async throws {
    let house = try await house()
    for _ in 0..<20 { assert(await signIn(house, from: "192.0.2.1"), is: 400, Self.wrong) }
    let next = await signIn(house, from: "192.0.2.1")
    XCTAssertEqual(next.status, .tooManyRequests)
  }
}
