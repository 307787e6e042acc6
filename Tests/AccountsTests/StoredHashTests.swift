import Accounts
import XCTest

/// Hashes that other programs made of one password.
final class StoredHashTests: XCTestCase {
  private static let password = "wind over the cedar gate"

  /// From `crypt.crypt` and `hashlib.pbkdf2_hmac` of Python, mkpasswd(1), argon2-cffi and Django 5.2.
  private static let foreign = [
    "$2b$05$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS": "bcrypt, cost 5",
    "$2a$05$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS": "bcrypt, cost 5",
    "$2y$05$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS": "bcrypt, cost 5",
    "bcrypt$$2b$10$abcdefghijklmnopqrstuuaAN4Go7dAAzqo28aDwj8nhx7esw3gV2": "bcrypt, cost 10",
    "$5$saltstring$x1JS/Wlc49HCWB/6gHCPl2dHGR1xGehL3k.Rves6c2D": "sha256crypt, 5000 rounds",
    "$5$rounds=1000$saltstring$xT.fa6tsOwp2zhoxQwJfEr8yLfsz6oWMAolrZzMnlV/":
      "sha256crypt, 1000 rounds",
    "$6$saltstring$Oz.fHboQ0XrqSiQUU5XWxE33w9fa25WSwvEhBhZQfq.ift.Bmq1N0NlOhNqDyVu2cUUfkNuchtWNJk33Jyqq/.":
      "sha512crypt, 5000 rounds",
    "$6$rounds=1000$saltstring$0dT14cQqVA3G6XAtXjksaeR8c93SR3ZxEcdAMdEwVsekjwa3aiR95fsqtBDF.UVBsWMJ9xFFvK29vvmjn1id20":
      "sha512crypt, 1000 rounds",
    "$y$j75$W7ryC155xZn8LpbhlBx/10$dCeUP96dZGqlAROmgRLAhw6YqtZASZIVNsYXHkoIpk3":
      "yescrypt, 1024 KiB",
    "$y$j9T$TtLmLP80OG3EltC77m2SP/$mDhaMKSyBd8xwRcpiYhEqWSLe.sxdHUt5b3S5ha2u4B":
      "yescrypt, 16384 KiB",
    "pbkdf2_sha256$1000$seasalt$Uw8XOaspb6w+v9/VBuLxgyqiVsps4Gk+Uu9zNqQq6r4=":
      "pbkdf2_sha256, 1000 iterations",
    "pbkdf2_sha256$12000$IA76V25SaQEKyyKECPtQB5$048aIjTEd8j/oByHJuw0xOdIPPYStII3YnshLiMssFI=":
      "pbkdf2_sha256, 12000 iterations",
    "argon2$argon2id$v=19$m=102400,t=2,p=8$cWZnNEI3VnVUVG5UZExoamx2dmhaQw$Myij4L0oVXqbQib28mIaqHsVixG+DJZVK6i7jGDHU0U":
      "argon2id, m=102400,t=2,p=8",
    "$argon2id$v=19$m=65536,t=3,p=4$ov5ePmpkUeIKau+zS2djNg$BFg7ld9gHi8qVq1c7kEVDX2Y9CvhDWFZp8sKJsmj/0g":
      "argon2id, m=65536,t=3,p=4",
    "$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0$5V5bix4aqyaMzBzpzC2qXy9steBBQHV1kZQhcvoqvig":
      "argon2id, m=64,t=1,p=2",
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$cWsL1Ts5JdHRFU09V0GCqz7qqkShbYdqQ4DVT33HmLg":
      "argon2id, m=64,t=1,p=1",
    "$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$1s0f+eAPQ1TaaThUApdtvp5hYLxfY3XdBLu6kDrNWrA":
      "argon2i, m=64,t=3,p=1",
    "$argon2i$v=19$m=32,t=2,p=4$c2FsdHNhbHQ$RiGiwhSNejQNZofWJoJol+nkA4q1BBGuru6GMhNoRgI":
      "argon2i, m=32,t=2,p=4",
  ]

  private func hasher() throws -> PasswordHasher {
    try PasswordHasher(cost: .least, concurrency: 2)
  }

  private func password(_ text: String = password) throws -> Password {
    try XCTUnwrap(Password(text))
  }

  func testTheRightPasswordIsRightAndAnyOtherIsWrong() throws {
    let hasher = try hasher()
    for (hash, description) in Self.foreign {
      XCTAssertEqual(try StoredHash(hash).description, description, hash)
      XCTAssertEqual(try hasher.verify(password(), against: hash), .right, hash)
      for other in ["wind over the cedar gat", Self.password + "s", Self.password + "\0"] {
        XCTAssertEqual(try hasher.verify(password(other), against: hash), .wrong, hash)
      }
    }
  }

  func testAnImportedHashIsRenewedAndOneOfOursIsNot() throws {
    let hasher = try hasher()
    for hash in Self.foreign.keys {
      let renewed = try XCTUnwrap(hasher.renewedHash(of: password(), insteadOf: hash), hash)
      XCTAssertTrue(renewed.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"), renewed)
      XCTAssertNil(try hasher.renewedHash(of: password(), insteadOf: renewed))
    }
    // Our cost, but not our kind.
    for hash in [
      "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$1s0f+eAPQ1TaaThUApdtvp5hYLxfY3XdBLu6kDrNWrA",
      "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$1s0f+eAPQ1TaaThUApdtvp5hYLxfY3XdBLu6kDrNWrA",
      "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$1s0f+eAPQ1TaaThUApdtvg",
    ] {
      XCTAssertNotNil(try hasher.renewedHash(of: password(), insteadOf: hash), hash)
    }
  }

  func testJ11_absurdParametersAreRefusedWithoutComputing() throws {
    let argon2 = "$c2FsdHNhbHRzYWx0c2FsdA$1s0f+eAPQ1TaaThUApdtvp5hYLxfY3XdBLu6kDrNWrA"
    let bcrypt = "$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS"
    let yescrypt = "$TtLmLP80OG3EltC77m2SP/$mDhaMKSyBd8xwRcpiYhEqWSLe.sxdHUt5b3S5ha2u4B"
    let sha256 = "$saltstring$x1JS/Wlc49HCWB/6gHCPl2dHGR1xGehL3k.Rves6c2D"
    let pbkdf2 = "$seasalt$Uw8XOaspb6w+v9/VBuLxgyqiVsps4Gk+Uu9zNqQq6r4="
    for hash in [
      "$argon2i$v=19$m=2097152,t=1,p=1" + argon2, "$argon2i$v=19$m=64,t=17,p=1" + argon2,
      "$argon2id$v=19$m=1048576,t=5,p=1" + argon2, "argon2$argon2id$v=19$m=65536,t=1,p=65" + argon2,
      "$2b$16" + bcrypt, "$2y$31" + bcrypt,
      // 2 GiB, 4 GiB in small blocks, and the most that can be written.
      "$y$jGT" + yescrypt, "$y$jM." + yescrypt, "$y$jjj" + yescrypt,
      "$5$rounds=3000001" + sha256, "$5$rounds=999999999" + sha256,
      "pbkdf2_sha256$4000001" + pbkdf2, "pbkdf2_sha256$9223372036854775807" + pbkdf2,
    ] {
      XCTAssertThrowsError(try StoredHash(hash), hash) {
        XCTAssertEqual($0 as? UnusableHash, .tooCostly, hash)
      }
      XCTAssertEqual(try hasher().verify(password(), against: hash), .damagedHash, hash)
    }
  }

  func testJ11_whatIsNotWholeOrOfNoKnownKindIsRefused() throws {
    for hash in Self.foreign.keys {
      for part in [hash.count / 3, hash.count / 2] { assertUnknown(String(hash.prefix(part))) }
      for odd in [hash + "$", hash + " ", hash + "\n", "!" + hash, "é" + hash] {
        assertUnknown(odd)
      }
      // Argon2 has digests of many sizes.
      guard !hash.contains("argon2") else { continue }
      for odd in [hash + "A", String(hash.dropLast())] { assertUnknown(odd) }
    }
    for hash in [
      "", "plain", "*", "!", "x", "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1", "abJnggxhB/yWI",
      "$2x$05$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS",
      "$2b$03$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS",
      "$2b$+5$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS",
      "$5$rounds=999$saltstring$x1JS/Wlc49HCWB/6gHCPl2dHGR1xGehL3k.Rves6c2D",
      "$5$rounds=-1$saltstring$x1JS/Wlc49HCWB/6gHCPl2dHGR1xGehL3k.Rves6c2D",
      "$5$saltstringsaltstr$x1JS/Wlc49HCWB/6gHCPl2dHGR1xGehL3k.Rves6c2D",
      "$y$j9Tz/$TtLmLP80OG3EltC77m2SP/$mDhaMKSyBd8xwRcpiYhEqWSLe.sxdHUt5b3S5ha2u4B",
      "$y$jz9$TtLmLP80OG3EltC77m2SP/$mDhaMKSyBd8xwRcpiYhEqWSLe.sxdHUt5b3S5ha2u4B",
      "pbkdf2_sha256$0$seasalt$Uw8XOaspb6w+v9/VBuLxgyqiVsps4Gk+Uu9zNqQq6r4=",
      "pbkdf2_sha1$1000$seasalt$EuLnXdI12nS9MAMFI260H23OerE=",
      "pbkdf2_md5$1000$seasalt$Uw8XOaspb6w+v9/VBuLxgyqiVsps4Gk+Uu9zNqQq6r4=",
      "$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$qdW3yOH/mK2uvX3v4JZIIUHKeHqXeOkLBqudP7XdLmo",
      "$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$cWsL1Ts5JdHRFU09V0GCqz7qqkShbYdqQ4DVT33HmLg",
      // Less memory than its lanes need.
      "$argon2id$v=19$m=63,t=1,p=8$c2FsdHNhbHRzYWx0c2FsdA$cWsL1Ts5JdHRFU09V0GCqz7qqkShbYdqQ4DVT33HmLg",
    ] {
      assertUnknown(hash)
    }
  }

  private func assertUnknown(_ hash: String, line: UInt = #line) {
    XCTAssertThrowsError(try StoredHash(hash), hash, line: line) {
      XCTAssertEqual($0 as? UnusableHash, .unknown, hash, line: line)
    }
  }

  func testBcryptLooksAt72BytesAsItDoesElsewhereAndOursAtAll() throws {
    let hasher = try hasher()
    let hash = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"
    let start = String(repeating: "x", count: 72)
    for text in [start, start + "tail", start + "other"] {
      XCTAssertEqual(try hasher.verify(password(text), against: hash), .right)
    }
    XCTAssertEqual(try hasher.verify(password(String(start.dropLast())), against: hash), .wrong)
    let renewed = try XCTUnwrap(hasher.renewedHash(of: password(start + "tail"), insteadOf: hash))
    XCTAssertEqual(try hasher.verify(password(start + "tail"), against: renewed), .right)
    XCTAssertEqual(try hasher.verify(password(start + "other"), against: renewed), .wrong)
  }

  func testB10_aPasswordWithANULIsWrongForAHashOfCrypt() throws {
    let hasher = try hasher()
    for hash in Self.foreign.keys where hash.hasPrefix("$2") || hash.hasPrefix("$5") {
      for text in [Self.password + "\0", Self.password + "\0more", "\0" + Self.password] {
        XCTAssertEqual(try hasher.verify(password(text), against: hash), .wrong)
      }
    }
  }

  func testJ10_importedHashesAreBoundedLikeOurs() throws {
    let hasher = try PasswordHasher(cost: .least, concurrency: 1, waitingLimit: -1)
    let hash = try XCTUnwrap(Self.foreign.keys.first)
    XCTAssertThrowsError(try hasher.verify(password(), against: hash)) {
      XCTAssertEqual($0 as? PasswordHasherError, .tooMany)
    }
  }

  func testN5_aDescriptionHoldsNothingOfSaltOrDigest() throws {
    for (hash, description) in Self.foreign {
      let parts: [Substring] = hash.split(separator: "$")
      let secret = parts.suffix(2).filter { $0.count > 6 }
      for part in secret { XCTAssertFalse(description.contains(part), description) }
    }
  }
}
