import Foundation
import HTTPTypes
import HandlerKit
import MemoryDocumentStore
import TestSupport
import Tokens
import XCTest

/// Tokens that no key of ours signed cost the store nothing.
final class UnsignedTokenTests: TemporaryFolderTestCase {
  private var store = CountingStore(MemoryDocumentStore())

  private func house() async throws -> TestHouse {
    try await TestHouse(folder: folder, documents: store)
  }

  /// What is wrong with each of these is seen without the store.
  private func badOnes(_ token: String, of other: String) -> [(String, String)] {
    let parts = token.split(separator: ".").map(String.init)
    let (header, claims, signature) = (parts[0], parts[1], parts[2])
    let size = 1 << 20
    let changed = (signature.hasPrefix("A") ? "B" : "A") + signature.dropFirst()
    let none = #"{"alg":"none","typ":"at+jwt"}"#
    return [
      ("C4 megabyte", String(repeating: "A", count: size)),
      ("C4 megabyte of dots", String(repeating: ".", count: size)),
      ("C4 megabyte of claims", "\(header).\(String(repeating: "A", count: size)).\(signature)"),
      ("T1 changed", "\(header).\(claims).\(changed)"),
      ("T6 none", "\(Forge.encode(none)).\(claims)."),
      ("T8 empty signature", "\(header).\(claims)."),
      ("T8 zeros", "\(header).\(claims).\(Forge.encode(Data(count: 32)))"),
      ("T12 two parts", "\(header).\(claims)"), ("T12 four parts", "\(token).\(signature)"),
      ("T13 padded", "\(token)="), ("C5 quoted", "\"\(token)\""), ("C6 the other kind", other),
      (
        "T18 of somebody else",
        "\(header).\(Forge.encode(#"{"sub":"../users/alice","sid":"x"}"#)).\(signature)"
      ),
      ("T22 deep", "\(Forge.encode(String(repeating: "[", count: 2_000))).\(claims).\(signature)"),
    ]
  }

  func testC4_T22_nothingOfTheStoreIsReadBeforeASignatureHolds() async throws {
    let house = try await house()
    try house.addUser("alice")
    let login = await house.login("alice")
    let routes: [(HTTPRequest.Method, String)] = [
      (.get, "/job-list"), (.get, "/current-user"), (.get, "/sessions"), (.get, "/verify"),
      (.delete, "/sessions"), (.delete, "/sessions/x"), (.post, "/password"),
    ]
    // That the probe works: a good token does reach the store.
    var before = store.accesses
    let good = await house.router.respond(
      to: .make(.get, "/current-user", bearer: login.accessToken))
    XCTAssertEqual(good.status, .ok)
    XCTAssertGreaterThan(store.accesses, before)

    before = store.accesses
    for (name, token) in badOnes(login.accessToken, of: login.refreshToken) {
      for (method, path) in routes {
        let response = await house.router.respond(to: .make(method, path, bearer: token))
        XCTAssertEqual(response.status, .unauthorized, "\(name) \(method) \(path)")
        XCTAssertEqual(store.accesses, before, "\(name) \(method) \(path)")
      }
    }
  }

  func testC4_C6_norForARefreshToken() async throws {
    let house = try await house()
    try house.addUser("alice")
    let login = await house.login("alice")
    let before = store.accesses
    for (name, token) in badOnes(login.refreshToken, of: login.accessToken) {
      let refresh = await house.refresh(token)
      XCTAssertEqual(refresh.status, .forbidden, name)
      let logout = await house.router.respond(
        to: .make(.post, "/logout", json: ["refreshToken": token]))
      XCTAssertEqual(logout.status, .noContent, name)
      let cookie: HTTPFields = [.cookie: "__Host-refresh=\(token)"]
      let verify = await house.router.respond(to: .make(.get, "/verify", headers: cookie))
      XCTAssertEqual(verify.status, .unauthorized, name)
      XCTAssertEqual(store.accesses, before, name)
    }
    let refreshed = await house.refresh(login.refreshToken)
    XCTAssertEqual(refreshed.status, .ok)
    XCTAssertGreaterThan(store.accesses, before)
  }
}
