import Accounts
import Foundation
import HandlerKit
import TestSupport
import XCTest

final class RefusedUserTests: RefreshTestCase {
  func testUserWhoIsGoneIsForbidden() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    try house.documents.update(User.self, "alice") { $0 = nil }
    assert(await house.refresh(token), isForbidden: "Access is forbidden")
    // A later user of the same name is somebody else.
    try house.addUser("alice")
    assert(await house.refresh(token), isForbidden: "Access is forbidden")
  }

  func testDisabledUserIsForbiddenAndGoesOnOnceEnabledAgain() async throws {
    let house = try await house()
    let token = await house.login("alice").refreshToken
    try house.documents.update(User.self, "alice") { $0?.isDisabled = true }
    assert(await house.refresh(token), isForbidden: "Access is forbidden")
    try house.documents.update(User.self, "alice") { $0?.isDisabled = false }
    assertIsRefreshed(await house.refresh(token))
  }

  func testFingerprintOfTheSignInMustComeWithEachRefresh() async throws {
    let house = try await house()
    let token = await house.login("alice", fingerprint: "f1").refreshToken
    for fingerprint in [nil, "", "f2"] as [String?] {
      assert(
        await house.refresh(token, fingerprint: fingerprint), isForbidden: "Access is forbidden")
    }
    let body = #"{"refreshToken":"\#(token)","fingerprint":"#
    for value in ["1", "true", "[]", "{}"] {
      assert(await post(body + value + "}", to: house), isForbidden: "Access is forbidden")
    }
    // Nothing of that changed anything.
    let first = await house.refresh(token, fingerprint: "f1", at: time(1))
    assertIsRefreshed(first)
    assert(await house.refresh(token, at: time(100)), isForbidden: "Access is forbidden")
    assertIsRefreshed(await house.refresh(first.refreshToken, fingerprint: "f1", at: time(101)))
  }

  func testWithoutOneAtSignInTheFingerprintIsNotAskedFor() async throws {
    let house = try await house()
    let login = await house.login("alice")
    assertIsRefreshed(await house.refresh(login.refreshToken, fingerprint: "any"))
  }
}
