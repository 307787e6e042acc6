import Accounts
import Foundation
import TestSupport
import XCTest

/// What an operator may have written into a user's document by hand.
final class WrongHashTests: LoginTestCase {
  func testM9_aPasswordInThePlaceOfItsHashLetsNobodyIn() async throws {
    let house = try await house()
    let wrong = [TestHouse.password, "", "*", "$argon2id$", "5f4dcc3b5aa765d61d8327deb882cf99"]
    for hash in wrong {
      try house.documents.update(User.self, "alice") { $0?.passwordHash = hash }
      for password in [TestHouse.password, hash, "x"] where !password.isEmpty {
        let response = await house.router.respond(
          to: .make(.post, "/login", json: ["username": "alice", "password": password]))
        XCTAssertEqual(response.status, .badRequest, "\(hash) \(password)")
        XCTAssertEqual(response.text, "Username or password is wrong!")
      }
    }
  }

  func testM9_malformedUserIsTroubleOfThatUserAlone() async throws {
    let house = try await house()
    try house.addUser("bob")
    let path = try XCTUnwrap(
      FileManager.default.subpathsOfDirectory(atPath: folder).first { $0.hasSuffix("/alice.json") })
    for text in ["", "{", "alice:postern-demo\n", #"{"username":"alice","password":"x"}"#] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(path)"))
      let alice = await house.login("alice")
      XCTAssertEqual(alice.status, .serviceUnavailable, text)
      let bob = await house.login("bob")
      XCTAssertEqual(bob.status, .ok)
    }
  }
}
