import Crypto
import ForeignInput
import Foundation
import TestSupport
import XCTest

@testable import Tokens

/// ES256 and Ed25519, checked by the public keys that others read.
final class PublicKeySignatureTests: XCTestCase {
  private let claims = AccessClaims(
    user: .init(id: "u1", email: "a@example.com", username: "alice"), sub: "u1", sid: "s1",
    jti: "j1", iat: 1_800_000_000, exp: 1_800_000_900, iss: "postern")

  private func ring(_ algorithm: KeyAlgorithm) throws -> KeyRing<AccessClaims> {
    try KeyRing(.random(algorithm))
  }

  private func decoded(_ text: some StringProtocol) throws -> [UInt8] {
    try XCTUnwrap(Base64URL.decode(text.utf8))
  }

  private func assertBadSignature(
    _ token: String, _ ring: KeyRing<AccessClaims>, _ hint: String = "", line: UInt = #line
  ) {
    XCTAssertThrowsError(try ring.verify(ForeignText(token)), hint, line: line) {
      XCTAssertEqual($0 as? TokenError, .invalidSignature, hint, line: line)
    }
  }

  func testTokensOfEachAlgorithmAreAdmittedAndNameIt() throws {
    for algorithm in KeyAlgorithm.allCases {
      let ring = try ring(algorithm)
      let token = try ring.sign(claims)
      XCTAssertEqual(try ring.verify(ForeignText(token)), claims)
      let header = try JSONSerialization.jsonObject(
        with: Data(decoded(token.split(separator: ".")[0])))
      let fields = try XCTUnwrap(header as? [String: String])
      XCTAssertEqual(fields["alg"], algorithm.rawValue)
      XCTAssertEqual(fields["typ"], "at+jwt")
      XCTAssertEqual(fields.count, 3)
    }
  }

  func testSignaturesAreGoodByThePublicKeysAlone() throws {
    for algorithm in [KeyAlgorithm.es256, .ed25519] {
      let ring = try ring(algorithm)
      let token = try ring.sign(claims)
      let parts = token.split(separator: ".")
      let key = try XCTUnwrap(ring.publicKeys(at: 0).keys.first)
      let signature = try decoded(parts[2])
      XCTAssertEqual(signature.count, 64)
      let input = Data("\(parts[0]).\(parts[1])".utf8)
      let bytes = try decoded(key.x) + (key.y.map { try decoded($0) } ?? [])
      if algorithm == .es256 {
        XCTAssertEqual([key.kty, key.crv, key.use], ["EC", "P-256", "sig"])
        let verifier = try P256.Signing.PublicKey(rawRepresentation: bytes)
        XCTAssertTrue(
          verifier.isValidSignature(try .init(rawRepresentation: signature), for: input))
      } else {
        XCTAssertEqual([key.kty, key.crv, key.use], ["OKP", "Ed25519", "sig"])
        XCTAssertNil(key.y)
        let verifier = try Curve25519.Signing.PublicKey(rawRepresentation: bytes)
        XCTAssertTrue(verifier.isValidSignature(signature, for: input))
      }
    }
  }

  func testT9_signaturesWhoseNumbersAreZeroOrTheOrderAreBad() throws {
    let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
    let n = stride(from: 0, to: 64, by: 2).map { index in
      UInt8(order.dropFirst(index).prefix(2), radix: 16) ?? 0
    }
    let zero = [UInt8](repeating: 0, count: 32), one = zero.dropLast() + [1]
    let most = [UInt8](repeating: 255, count: 32)
    for algorithm in [KeyAlgorithm.es256, .ed25519] {
      let ring = try ring(algorithm)
      let token = try ring.sign(claims)
      let input = token[..<(token.lastIndex(of: ".") ?? token.endIndex)]
      let good = try decoded(token.split(separator: ".")[2])
      let numbers = [zero, n, Array(one), most, Array(good.prefix(32)), Array(good.suffix(32))]
      for r in numbers {
        for s in numbers where r + s != good {
          assertBadSignature("\(input).\(Base64URL.encode(r + s))", ring, "\(algorithm)")
        }
      }
    }
  }

  func testT9_signaturesOfAnotherFormOrLengthAreBad() throws {
    let key = P256.Signing.PrivateKey()
    let secret = try KeySecret(id: "k", algorithm: .es256, bytes: [UInt8](key.rawRepresentation))
    let ring = try KeyRing<AccessClaims>(KeySet(signing: secret))
    let token = try ring.sign(claims)
    let input = String(token[..<(token.lastIndex(of: ".") ?? token.endIndex)])
    let der = try key.signature(for: Data(input.utf8)).derRepresentation
    assertBadSignature("\(input).\(Base64URL.encode(der))", ring)
    let good = try decoded(token.split(separator: ".")[2])
    for length in 0..<64 {
      assertBadSignature("\(input).\(Base64URL.encode(good.prefix(length)))", ring, "\(length)")
    }
    assertBadSignature("\(input).\(Base64URL.encode(good + [0]))", ring)
    for index in good.indices {
      var changed = good
      changed[index] ^= 1
      assertBadSignature("\(input).\(Base64URL.encode(changed))", ring, "byte \(index)")
    }
  }

  func testT7_aPublicKeyIsNoSecretOfHS256() throws {
    for algorithm in [KeyAlgorithm.es256, .ed25519] {
      let ring = try ring(algorithm)
      let parts = try ring.sign(claims).split(separator: ".")
      let key = try XCTUnwrap(ring.publicKeys(at: 0).keys.first)
      let coordinates = try decoded(key.x) + (key.y.map { try decoded($0) } ?? [])
      let json = try JSONEncoder().encode(key)
      for secret in [Data(coordinates), Data([4] + coordinates), json, Data()] {
        for name in ["HS256", algorithm.rawValue] {
          let header = #"{"alg":"\#(name)","kid":"\#(key.kid)","typ":"at+jwt"}"#
          let input = "\(Forge.encode(header)).\(parts[1])"
          let code = HMAC<SHA256>.authenticationCode(
            for: Data(input.utf8), using: SymmetricKey(data: secret))
          assertBadSignature("\(input).\(Base64URL.encode(code))", ring, name)
        }
      }
    }
  }

  func testT6_aKeyVerifiesByItsOwnAlgorithmAloneWhateverTheTokenSays() throws {
    let keys = try KeySet(
      keys: KeyAlgorithm.allCases.enumerated().map { TokenKey(try .random($1), signsFrom: $0) })
    let ring = try KeyRing<AccessClaims>(keys)
    for key in keys.keys {
      let parts = try KeyRing<AccessClaims>(KeySet(signing: key.secret)).sign(claims)
        .split(separator: ".")
      XCTAssertNoThrow(try ring.verify(ForeignText(parts.joined(separator: "."))))
      for name in ["HS256", "ES256", "Ed25519", "EdDSA", "none", "ES384"]
      where name != key.secret.algorithm.rawValue {
        let header = #"{"alg":"\#(name)","kid":"\#(key.id)","typ":"at+jwt"}"#
        assertBadSignature("\(Forge.encode(header)).\(parts[1]).\(parts[2])", ring, name)
      }
      for other in keys.keys where other.id != key.id {
        let header =
          #"{"alg":"\#(other.secret.algorithm.rawValue)","kid":"\#(other.id)","typ":"at+jwt"}"#
        assertBadSignature("\(Forge.encode(header)).\(parts[1]).\(parts[2])", ring)
      }
    }
  }

  func testNothingSecretIsAmongThePublicKeys() throws {
    let secrets = try KeyAlgorithm.allCases.map { try KeySecret.random($0) }
    let ring = try KeyRing<AccessClaims>(
      KeySet(keys: secrets.enumerated().map { TokenKey($1, signsFrom: $0) }))
    let keys = ring.publicKeys(at: 0)
    XCTAssertEqual(Set(keys.keys.map(\.alg)), ["ES256", "Ed25519"])
    let text = String(decoding: try JSONEncoder().encode(keys), as: UTF8.self)
    for secret in secrets {
      XCTAssertFalse(text.contains(Base64URL.encode(secret.bytes)), "\(secret.algorithm)")
    }
    XCTAssertFalse(text.contains(#""d""#))
    XCTAssertFalse(text.contains(#""k""#))
  }

  func testM1_whatIsNoPrivateKeyIsRefused() throws {
    let order = (0..<32).map { [UInt8]([255, 254, 253, 252, 251, 250, 249, 248])[$0 % 8] }
    for bytes in [[], Array(order.prefix(31)), order + [1], [UInt8](repeating: 0, count: 32)] {
      XCTAssertThrowsError(try KeySecret(id: "k", algorithm: .es256, bytes: bytes))
    }
    // Not below the order of the curve.
    let tooLarge = [UInt8](repeating: 255, count: 24) + Array(order.suffix(8))
    XCTAssertThrowsError(try KeySecret(id: "k", algorithm: .es256, bytes: tooLarge))
  }
}
