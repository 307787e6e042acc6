import Foundation
import TestSupport
import Tokens
import XCTest

final class KeySecretTests: XCTestCase {
  func testM1_shortOrMonotonousSecretIsRefused() {
    for text in ["", "canary", "rT5kQ9wXc2LmZ7vBn4Hs8Jd1Fg6Yp3A"] {
      XCTAssertThrowsError(try KeySecret(text: text, type: AccessClaims.type)) { error in
        XCTAssertTrue(error is WeakSecret)
        XCTAssertTrue("\(error)".contains("32 bytes"))
        XCTAssertTrue("\(error)".contains("bits of entropy"))
        XCTAssertTrue("\(error)".contains("openssl rand -base64 32"))
        XCTAssertTrue(text.isEmpty || !"\(error)".contains(text))
      }
    }
    XCTAssertNoThrow(
      try KeySecret(text: "rT5kQ9wXc2LmZ7vBn4Hs8Jd1Fg6Yp3AK", type: AccessClaims.type))
    for pattern: [UInt8] in [[7], [0, 255], [200, 201, 202, 203, 204, 205, 206]] {
      let bytes = Array(repeatElement(pattern, count: 32).joined())
      XCTAssertThrowsError(try KeySecret(id: "k", bytes: bytes))
    }
  }

  func testQ9_secretThatCouldBeGuessedIsRefused() {
    for text in [
      String(repeating: "ab", count: 20), String(repeating: "0123456789", count: 4),
      "0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789",
      "secretsecretsecretsecretsecretsecret", "your-256-bit-secret-your-256-bit-secret",
      "qwertyuiopasdfghjklzxcvbnm1234567890", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
      "QWERTYUIOPqwertyuiopQWERTYUIOPqwertyuiop", "passwordpasswordpasswordpassword",
      "P@ssw0rdP@ssw0rdP@ssw0rdP@ssw0rd", "correct horse battery staple correct horse",
      "2024-01-01-2024-01-02-2024-01-03-2024", "12.03.1984 12.03.1984 12.03.1984 12.03.1984",
      "my-super-secret-jwt-key-change-me-in-production",
      "change-this-to-a-long-random-string-please", "ThisIsMySuperSecretKeyForSigningTokens123!",
      "this_is_a_very_secret_secret_do_not_tell_it", "deadbeefcafebabedeadbeefcafebabe0123",
      "the quick brown fox jumps over the lazy dog", "adminadminadminadminadminadminadmin",
      "00000000000000000000000000000001", "keyboard-cat-keyboard-cat-keyboard-cat",
      "summer2024winter2024spring2024autumn2024", "secretsecretsecretsecretsecretsecret\n",
      "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t", "Passwört-Passwört-Passwört-Passwört",
    ] {
      XCTAssertGreaterThanOrEqual(text.utf8.count, 32, text)
      for type in [AccessClaims.type, RefreshClaims.type] {
        XCTAssertThrowsError(try KeySecret(text: text, type: type), text)
      }
      XCTAssertThrowsError(try KeySecret(id: "k", bytes: Array(text.utf8)), text)
    }
  }

  func testQ9_randomSecretsOfTheUsualMakingsAreTaken() {
    var generator = SeededGenerator(seed: 9)
    func random(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in .random(in: .min ... .max, using: &generator) }
    }
    func hexadecimal(_ count: Int) -> String {
      random(count).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    for _ in 0..<300 {
      for text in [
        hexadecimal(16), hexadecimal(32), hexadecimal(16).uppercased(),
        Data(random(24)).base64EncodedString(), Data(random(32)).base64EncodedString(),
        String(decoding: random(32).map { 0x21 + $0 % 94 }, as: UTF8.self),
        hexadecimal(16) + "\n", UUID.random(using: &generator).uuidString,
      ] {
        XCTAssertNoThrow(try KeySecret(text: text, type: AccessClaims.type), text)
      }
      XCTAssertNoThrow(try KeySecret(id: "k", bytes: random(32)))
    }
  }

  func testSecretNeverPrintsItself() throws {
    let text = "canary-lwP2FjoxJlylHNZvNxHKXxNmiVz9aoxa"
    let secret = try KeySecret(text: text, type: AccessClaims.type)
    var dumped = ""
    dump(secret, to: &dumped)
    for printed in ["\(secret)", String(reflecting: secret), "\([secret])", dumped] {
      XCTAssertFalse(printed.contains("canary"), printed)
      XCTAssertFalse(printed.contains("99"), "a byte of the secret in: \(printed)")
      XCTAssertTrue(printed.contains(secret.id) || printed == dumped)
    }
  }

  func testIDOfAGivenSecretFollowsFromItAndFromTheKindAlone() throws {
    let text = "hycOx09PEUrNQAmkA1lmByUKNjU6qGmcwBDuCYw7"
    let access = try KeySecret(text: text, type: AccessClaims.type)
    XCTAssertEqual(access, try KeySecret(text: text, type: AccessClaims.type))
    XCTAssertNotEqual(access.id, try KeySecret(text: text, type: RefreshClaims.type).id)
    XCTAssertNotEqual(access.id, try KeySecret(text: text + "!", type: AccessClaims.type).id)
  }

  func testJ16_randomSecretsDiffer() throws {
    let secrets = try (0..<1000).map { _ in try KeySecret.random() }
    XCTAssertEqual(Set(secrets.map(\.id)).count, 1000)
    XCTAssertNotEqual(secrets[0], secrets[1])
  }
}
