import Accounts
import Foundation
import TestSupport
import XCTest

/// The first sign-in of a user whose hash another program made.
final class ImportedUserTests: LoginTestCase {
  private static let hashes = [
    "$2b$05$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS",
    "$6$rounds=1000$saltstring$0dT14cQqVA3G6XAtXjksaeR8c93SR3ZxEcdAMdEwVsekjwa3aiR95fsqtBDF.UVBsWMJ9xFFvK29vvmjn1id20",
    "$y$j75$W7ryC155xZn8LpbhlBx/10$dCeUP96dZGqlAROmgRLAhw6YqtZASZIVNsYXHkoIpk3",
    "pbkdf2_sha256$1000$seasalt$Uw8XOaspb6w+v9/VBuLxgyqiVsps4Gk+Uu9zNqQq6r4=",
    "$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0$5V5bix4aqyaMzBzpzC2qXy9steBBQHV1kZQhcvoqvig",
  ]

  private func signIn(_ password: String, to house: TestHouse) async -> Int {
    let json = ["username": "dana", "password": password]
    return await house.router.respond(to: .make(.post, "/login", json: json)).status.code
  }

  func testTheHashBecomesOursAtTheFirstGoodSignIn() async throws {
    let house = try await house()
    let name = try XCTUnwrap(Username("dana"))
    for hash in Self.hashes {
      _ = try house.users.remove(name) { _ in }
      _ = try house.users.add(name, profile: .init(email: "d@example.com"), passwordHash: hash)
      let wrong = await signIn("wind over the cedar gat", to: house)
      XCTAssertEqual(wrong, 400)
      XCTAssertEqual(
        try house.users.user(named: name)?.passwordHash, hash, "a wrong one changes nothing")
      for _ in 0..<2 {
        let right = await signIn("wind over the cedar gate", to: house)
        XCTAssertEqual(right, 200, hash)
      }
      let user = try XCTUnwrap(house.users.user(named: name))
      XCTAssertTrue(user.passwordHash.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"), user.passwordHash)
      XCTAssertEqual(user.passwordGeneration, 0, "it is the same password")
      XCTAssertEqual(try house.sessions.sessions(ofUser: user.id, at: TestHouse.now).count, 2)
    }
  }

  func testJ11_anAbsurdHashIsRefusedLikeAWrongPassword() async throws {
    let house = try await house()
    let name = try XCTUnwrap(Username("dana"))
    let hash = "$2b$31$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS"
    _ = try house.users.add(name, profile: .init(email: "d@example.com"), passwordHash: hash)
    let json = ["username": "dana", "password": "wind over the cedar gate"]
    assert(await house.router.respond(to: .make(.post, "/login", json: json)), is: 400, Self.wrong)
    XCTAssertEqual(try house.users.user(named: name)?.passwordHash, hash)
  }
}
