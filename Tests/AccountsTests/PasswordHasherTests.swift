import Accounts
import XCTest

final class PasswordHasherTests: XCTestCase {
  private func hasher(
    _ cost: PasswordHasher.Cost = .least, waitingLimit: Int = 32
  ) throws -> PasswordHasher {
    try PasswordHasher(cost: cost, concurrency: 2, waitingLimit: waitingLimit)
  }

  private func password(_ text: String) throws -> Password { try XCTUnwrap(Password(text)) }

  func testHashIsArgon2idWithItsCostAndASaltOfItsOwn() throws {
    let hasher = try hasher()
    let hash = try hasher.hash(password("a"))
    XCTAssertTrue(hash.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"), hash)
    XCTAssertNotEqual(hash, try hasher.hash(password("a")))
    XCTAssertEqual(PasswordHasher.Cost.standard, .init(passes: 2, memory: 19 * 1024 * 1024))
  }

  func testRightPasswordIsRightAndAnyOtherIsWrong() throws {
    let hasher = try hasher()
    for text in ["a", "correct horse", String(repeating: "x", count: 1024), "日本語", " a "] {
      let hash = try hasher.hash(password(text))
      XCTAssertEqual(try hasher.verify(password(text), against: hash), .right)
      for other in ["b", "?" + text.dropFirst()] {
        XCTAssertEqual(try hasher.verify(password(other), against: hash), .wrong)
      }
    }
  }

  func testJ7_neverTrimmedOrCut() throws {
    let hasher = try hasher()
    let hash = try hasher.hash(password("secret"))
    for text in ["secret ", " secret", "secret\n", "secret\0", "Secret"] {
      XCTAssertEqual(try hasher.verify(password(text), against: hash), .wrong, text)
    }
    let long = String(repeating: "x", count: 1023)
    let longHash = try hasher.hash(password(long + "a"))
    XCTAssertEqual(try hasher.verify(password(long + "b"), against: longHash), .wrong)
    XCTAssertEqual(try hasher.verify(password(long), against: longHash), .wrong)
  }

  func testB10_bytesAfterANULCount() throws {
    let hasher = try hasher()
    let hash = try hasher.hash(password("a\0b"))
    XCTAssertEqual(try hasher.verify(password("a\0b"), against: hash), .right)
    for text in ["a", "a\0", "a\0c", "\0"] {
      XCTAssertEqual(try hasher.verify(password(text), against: hash), .wrong)
    }
  }

  func testJ8_composedAndDecomposedAreOnePassword() throws {
    let hasher = try hasher()
    let hash = try hasher.hash(password("cafe\u{301}"))
    XCTAssertEqual(try hasher.verify(password("caf\u{e9}"), against: hash), .right)
    XCTAssertEqual(try hasher.verify(password("cafe"), against: hash), .wrong)
  }

  func testHashOfAnotherCostIsOutdatedInBothDirections() throws {
    let cheap = try hasher()
    let dear = try hasher(.init(passes: 2, memory: 16 << 10))
    let password = try password("a")
    for (old, new) in [(cheap, dear), (dear, cheap)] {
      let hash = try old.hash(password)
      XCTAssertEqual(try new.verify(password, against: hash), .right)
      let renewed = try XCTUnwrap(new.renewedHash(of: password, insteadOf: hash))
      XCTAssertNil(try new.renewedHash(of: password, insteadOf: renewed))
      XCTAssertNil(try old.renewedHash(of: password, insteadOf: hash))
    }
  }

  func testJ11_absurdParametersAreRefusedWithoutComputing() throws {
    let hasher = try hasher()
    let rest = "p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
    // 64 GiB, 2 GiB, a pass too many, more passes than a lifetime has.
    for cost in [
      "m=67108864,t=1", "m=2097152,t=1", "m=8,t=17", "m=8,t=4294967295",
      "m=99999999999999999999,t=1", "m=1048577,t=1",
    ] {
      let hash = "$argon2id$v=19$\(cost),\(rest)"
      XCTAssertEqual(try hasher.verify(password("a"), against: hash), .damagedHash, cost)
    }
  }

  func testJ11_whatIsNoHashOfAKnownKindIsDamaged() throws {
    let hasher = try hasher()
    let good = try hasher.hash(password("a"))
    for hash in [
      "", "$", "a", "plain-text-password", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA",
      "$2b$12$LJ3m4ys3Lz0Kl1xDqkYyY.2J8d5sN0kZb1Yb7N8P1dA9h2sQ0i1c",
      "$6$salt$hash", good.replacing("argon2id", with: "argon2"),
      good.replacing("argon2id", with: "argon2d"), good.replacing("argon2id", with: "ARGON2ID"),
      good.replacing("m=8", with: "m="), good.replacing("m=8,", with: ""),
      good.replacing("t=1", with: "t=one"), good.replacing("t=1", with: "t"),
    ] {
      XCTAssertEqual(try hasher.verify(password("a"), against: hash), .damagedHash, hash)
    }
  }

  func testJ11_changedHashNeverLetsAnybodyIn() throws {
    let hasher = try hasher()
    let good = try hasher.hash(password("a"))
    for index in good.indices {
      var bytes = Array(good.utf8)
      bytes[good.utf8.distance(from: good.startIndex, to: index)] ^= 1
      // The lowest bits of a last digit may stand for nothing.
      guard index != good.indices.last else { continue }
      let verdict = try hasher.verify(
        password("a"), against: String(decoding: bytes, as: UTF8.self))
      XCTAssertTrue([.wrong, .damagedHash].contains(verdict), "\(verdict) at \(index)")
    }
    for length in 0..<good.count {
      let verdict = try hasher.verify(password("a"), against: String(good.prefix(length)))
      XCTAssertTrue([.wrong, .damagedHash].contains(verdict), "\(verdict), \(length)")
    }
  }

  func testUserWhoDoesNotExistHasNoPassword() throws {
    XCTAssertEqual(try hasher().verify(password("a"), against: nil), .wrong)
  }

  func testN5_errorsHoldNoInput() throws {
    let hasher = try hasher(waitingLimit: -2)
    XCTAssertThrowsError(try hasher.verify(password("canary"), against: "canary-hash")) { error in
      XCTAssertFalse(String(reflecting: error).contains("canary"))
    }
  }
}
