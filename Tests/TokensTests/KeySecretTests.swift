import Tokens
import XCTest

final class KeySecretTests: XCTestCase {
  func testM1_shortOrMonotonousSecretIsRefused() {
    for text in ["", "canary", String(repeating: "ab", count: 15) + "c"] {
      XCTAssertThrowsError(try KeySecret(text: text, type: AccessClaims.type)) { error in
        XCTAssertTrue(error is WeakSecret)
        XCTAssertTrue("\(error)".contains("32 bytes"))
        XCTAssertTrue(text.isEmpty || !"\(error)".contains(text))
      }
    }
    XCTAssertThrowsError(try KeySecret(id: "k", bytes: [UInt8](repeating: 7, count: 64)))
    XCTAssertNoThrow(
      try KeySecret(text: String(repeating: "ab", count: 16), type: AccessClaims.type))
  }

  func testSecretNeverPrintsItself() throws {
    let text = "canary-canary-canary-canary-canary"
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
    let text = "a secret that is long enough for it"
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
