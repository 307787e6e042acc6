import Foundation
import TestSupport
import Tokens
import XCTest

final class SignatureTests: XCTestCase {
  func testForgedTokenWithNothingChangedIsAdmitted() async throws {
    for forge in try await Forge.both() {
      XCTAssertNil(forge.refusal(of: forge.token()))
    }
  }

  func testT6_anyOtherAlgorithmNameIsABadSignature() async throws {
    let names = [
      #""none""#, #""None""#, #""NONE""#, #""nOnE""#, "null", #""""#, "256", #"["HS256"]"#,
      #""HS256 ""#, #""hs256""#, #""HS384""#, #""HS512""#, #""RS256""#, #""ES256""#, "true", "{}",
    ]
    for forge in try await Forge.both() {
      for name in names {
        let token = forge.token(header: ["alg": name])
        XCTAssertEqual(forge.refusal(of: token), .invalidSignature, name)
        let unsigned = token[...(token.lastIndex(of: ".") ?? token.startIndex)]
        XCTAssertEqual(forge.refusal(of: String(unsigned)), .invalidSignature, name)
      }
      XCTAssertEqual(
        forge.refusal(of: forge.token(header: ["alg": nil])), .invalidSignature)
    }
  }

  func testT7_publicKeyUsedAsASecretIsABadSignature() async throws {
    let pem = """
      -----BEGIN PUBLIC KEY-----
      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
      q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
      -----END PUBLIC KEY-----
      """
    for forge in try await Forge.both() {
      for secret in [pem, pem + "\n", Forge.keyID, "", "secret"] {
        let token = forge.signed(
          forge.encodedHeader() + "." + forge.encodedClaims(), secret: secret)
        XCTAssertEqual(forge.refusal(of: token), .invalidSignature)
      }
    }
  }

  func testT8_emptyAndZeroSignaturesAreBad() async throws {
    for forge in try await Forge.both() {
      let input = forge.encodedHeader() + "." + forge.encodedClaims()
      let zeros = [1, 31, 32, 33, 64].map { Forge.encode(Data(count: $0)) }
      for signature in [""] + zeros {
        XCTAssertEqual(forge.refusal(of: "\(input).\(signature)"), .invalidSignature, signature)
      }
    }
  }

  func testEveryChangedByteOfTheSignatureIsBad() async throws {
    for forge in try await Forge.both() {
      let parts = forge.token().split(separator: ".")
      let standard = parts[2].replacing("-", with: "+").replacing("_", with: "/") + "="
      let signature = try XCTUnwrap(Data(base64Encoded: String(standard)))
      for index in signature.indices {
        var changed = signature
        changed[index] ^= 1
        let token = "\(parts[0]).\(parts[1]).\(Forge.encode(changed))"
        XCTAssertEqual(forge.refusal(of: token), .invalidSignature, "byte \(index)")
      }
      for length in 0..<signature.count {
        let token = "\(parts[0]).\(parts[1]).\(Forge.encode(signature.prefix(length)))"
        XCTAssertEqual(forge.refusal(of: token), .invalidSignature, "\(length) bytes")
      }
    }
  }

  func testSignatureCoversHeaderAndClaims() async throws {
    for forge in try await Forge.both() {
      let signature = forge.token().split(separator: ".")[2]
      let claims = forge.encodedClaims(["sub": #""u2""#])
      let token = "\(forge.encodedHeader()).\(claims).\(signature)"
      XCTAssertEqual(forge.refusal(of: token), .invalidSignature)
    }
  }

  func testC6_oneKindNeverPassesForTheOther() async throws {
    let forges = try await Forge.both()
    for (forge, other) in zip(forges, forges.reversed()) {
      XCTAssertEqual(forge.refusal(of: other.token()), .otherType)
      // Not even where whoever made it had the right key, or named the right type.
      let typ = other.kind == .access ? #""at+jwt""# : #""rt+jwt""#
      XCTAssertEqual(forge.refusal(of: forge.token(header: ["typ": typ])), .otherType)
      let claims = other.encodedClaims()
      let disguised = other.signed(forge.encodedHeader() + "." + claims)
      XCTAssertEqual(forge.refusal(of: disguised), .invalidSignature)
    }
  }
}
