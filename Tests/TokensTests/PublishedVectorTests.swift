import Crypto
import Foundation
import TestSupport
import XCTest

@testable import Tokens

/// Signatures that others have published, good ones and bad ones.
final class PublishedVectorTests: XCTestCase {
  func testT1_HS256AgreesWithTheExampleOfRFC7515() throws {
    // RFC 7515, A.1.
    let key =
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    let input =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
      + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      + "cnVlfQ"
    let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    let signer = try Signer(KeySecret(id: "k", bytes: decoded(key)))
    XCTAssertEqual(try signer.encodedSignature(of: Array(input.utf8)), signature)
    try assertOnlyThisIsGood(signature, of: input, by: signer)
  }

  func testT1_ES256AgreesWithTheExampleOfRFC7515() throws {
    // RFC 7515, A.3.
    let key = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
    let input =
      "eyJhbGciOiJFUzI1NiJ9"
      + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      + "cnVlfQ"
    let signature =
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    let signer = try Signer(KeySecret(id: "k", algorithm: .es256, bytes: decoded(key)))
    XCTAssertEqual(
      signer.publicKey,
      try decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
        + decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))
    try assertOnlyThisIsGood(signature, of: input, by: signer)
  }

  func testT1_Ed25519AgreesWithTheExampleOfRFC8037() throws {
    // RFC 8037, A.1, A.2 and A.4.
    let key = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    let signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    let signer = try Signer(KeySecret(id: "k", algorithm: .ed25519, bytes: decoded(key)))
    XCTAssertEqual(
      signer.publicKey, try decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
    try assertOnlyThisIsGood(signature, of: input, by: signer)
  }

  func testT9_ES256DecidesAsProjectWycheproofSays() throws {
    let key = P256.Signing.PrivateKey()
    let count = try check("ecdsa_secp256r1_sha256_p1363_test.json") { group in
      let bytes = try XCTUnwrap(hexadecimal(group.publicKey.uncompressed))
      return .es256(key, try P256.Signing.PublicKey(x963Representation: bytes))
    }
    XCTAssertEqual(count.tests, 252)
    XCTAssertGreaterThan(count.bad, 50)
  }

  func testT9_Ed25519DecidesAsProjectWycheproofSays() throws {
    let key = Curve25519.Signing.PrivateKey()
    let count = try check("ed25519_test.json") { group in
      let bytes = try XCTUnwrap(hexadecimal(group.publicKey.pk))
      return .ed25519(key, try Curve25519.Signing.PublicKey(rawRepresentation: bytes))
    }
    XCTAssertEqual(count.tests, 150)
    XCTAssertGreaterThan(count.bad, 50)
  }

  // MARK: - Steps

  private func decoded(_ text: String) throws -> [UInt8] {
    try XCTUnwrap(Base64URL.decode(text.utf8))
  }

  private func assertOnlyThisIsGood(
    _ signature: String, of input: String, by signer: Signer, line: UInt = #line
  ) throws {
    let (good, input) = (try decoded(signature), Array(input.utf8))
    XCTAssertTrue(signer.isSignature(good, of: input[...]), line: line)
    for index in good.indices {
      var bad = good
      bad[index] ^= 1
      XCTAssertFalse(signer.isSignature(bad, of: input[...]), "byte \(index)", line: line)
    }
    for index in input.indices {
      var other = input
      other[index] ^= 1
      XCTAssertFalse(signer.isSignature(good, of: other[...]), "input, byte \(index)", line: line)
    }
    XCTAssertFalse(signer.isSignature(good, of: input.dropLast()), line: line)
  }

  private struct Vectors: Decodable {
    struct Group: Decodable {
      struct Key: Decodable {
        let uncompressed: String?
        let pk: String?
      }
      struct Test: Decodable {
        let tcId: Int
        let comment: String
        let msg: String
        let sig: String
        let result: String
      }
      let publicKey: Key
      let tests: [Test]
    }
    let testGroups: [Group]
  }

  /// Checks all vectors of a file that swift-crypto carries with its sources.
  private func check(
    _ file: String, _ signer: (Vectors.Group) throws -> Signer
  ) throws -> (tests: Int, bad: Int) {
    let folder = try checkouts() + "/swift-crypto/Tests/Test Vectors"
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))
    var count = (tests: 0, bad: 0)
    for group in try JSONDecoder().decode(Vectors.self, from: data).testGroups {
      let signer = try signer(group)
      for test in group.tests {
        let input = try XCTUnwrap(hexadecimal(test.msg))
        let signature = try XCTUnwrap(hexadecimal(test.sig))
        XCTAssertEqual(
          signer.isSignature(signature, of: input[...]), test.result == "valid",
          "\(file) \(test.tcId) \(test.comment)")
        count.tests += 1
        if test.result != "valid" { count.bad += 1 }
      }
    }
    return count
  }

  /// Where SwiftPM keeps the sources of what Postern depends on: beside the program of the tests.
  private func checkouts() throws -> String {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0])
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let path = folder.appendingPathComponent("checkouts").path
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw XCTSkip("swift-crypto's sources are not beside the tests")
  }

  private func hexadecimal(_ text: String?) -> [UInt8]? {
    guard let digits = text.map({ Array($0.utf8) }), digits.count.isMultiple(of: 2) else {
      return nil
    }
    return try? stride(from: 0, to: digits.count, by: 2).map { index in
      try XCTUnwrap(UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16))
    }
  }
}
