import Foundation
import TestSupport
import Tokens
import XCTest

final class ClaimsTests: XCTestCase {
  private let now = Forge.now

  func testT15_goodUntilTheSecondOfItsExpiry() async throws {
    for forge in try await Forge.both() {
      let token = forge.token(claims: ["iat": "\(now - 900)", "exp": "\(now)"])
      XCTAssertNil(forge.refusal(of: token, at: now - 1))
      XCTAssertEqual(forge.refusal(of: token, at: now), .expired)
      XCTAssertEqual(forge.refusal(of: token, at: now + 1), .expired)
      XCTAssertEqual(forge.refusal(of: token, at: now + 5), .expired)
      for exp in ["-1", "0", "\(Int.min)"] {
        XCTAssertEqual(forge.refusal(of: forge.token(claims: ["exp": exp])), .expired, exp)
      }
    }
  }

  func testT15_expiryThatIsNoWholeNumberIsMalformed() async throws {
    let values = [
      #""9999999999""#, "\(now).5", "1e30", "-1e30", "1e999", "null", "NaN", #""NaN""#, "true",
      "[\(now + 10)]", "{}", "99999999999999999999",
    ]
    for forge in try await Forge.both() {
      for value in values {
        XCTAssertEqual(forge.refusal(of: forge.token(claims: ["exp": value])), .malformed, value)
        XCTAssertEqual(forge.refusal(of: forge.token(claims: ["iat": value])), .malformed, value)
      }
      XCTAssertEqual(forge.refusal(of: forge.token(claims: ["exp": nil])), .malformed)
    }
  }

  func testT16_issuedOrValidLaterThanTheLeewayIsMalformed() async throws {
    for forge in try await Forge.both() {
      for claim in ["iat", "nbf"] {
        for ahead in [0, 1, 5] {
          let token = forge.token(claims: [claim: "\(now + ahead)"])
          XCTAssertNil(forge.refusal(of: token), "\(claim) +\(ahead)")
        }
        for ahead in [6, 3600, Int.max - now] {
          let token = forge.token(claims: [claim: "\(now + ahead)"])
          XCTAssertEqual(forge.refusal(of: token), .malformed, "\(claim) +\(ahead)")
        }
      }
      XCTAssertEqual(forge.refusal(of: forge.token(claims: ["iat": "-1"])), .malformed)
      XCTAssertEqual(forge.refusal(of: forge.token(claims: ["iat": "\(Int.min)"])), .malformed)
      XCTAssertNotNil(
        forge.refusal(of: forge.token(claims: ["iat": "\(now + 10)", "exp": "\(now + 9)"])))
    }
  }

  func testT16_accessTokenThatLivesLongerThanConfiguredIsMalformed() async throws {
    let forge = try await Forge.both()[0]
    XCTAssertNil(forge.refusal(of: forge.token(claims: ["exp": "\(now + 900)"])))
    for exp in ["\(now + 901)", "\(now + 100 * 365 * 86_400)", "\(Int.max)"] {
      XCTAssertEqual(forge.refusal(of: forge.token(claims: ["exp": exp])), .malformed)
      XCTAssertEqual(forge.refusal(of: forge.token(claims: ["exp": exp, "iat": "0"])), .malformed)
    }
  }

  func testT17_issuerMustBeExact() async throws {
    for forge in try await Forge.both() {
      for value in [#""Postern""#, #""postern ""#, #""""#, "null", #"["postern"]"#, "1"] {
        XCTAssertEqual(forge.refusal(of: forge.token(claims: ["iss": value])), .malformed, value)
      }
      XCTAssertEqual(forge.refusal(of: forge.token(claims: ["iss": nil])), .malformed)
    }
  }

  func testT17_audienceMustBeExactWhereOneIsConfigured() async throws {
    let forge = try await Forge.both(audience: "app")[0]
    XCTAssertNil(forge.refusal(of: forge.token(claims: ["aud": #""app""#])))
    for value in [#""other""#, #""App""#, #""""#, #"["app"]"#, #"["app","other"]"#, "null", "1"] {
      XCTAssertEqual(forge.refusal(of: forge.token(claims: ["aud": value])), .malformed, value)
    }
    XCTAssertEqual(forge.refusal(of: forge.token()), .malformed)
  }

  func testT17_tokenForAnAudienceIsRefusedWhereNoneIsConfigured() async throws {
    let forge = try await Forge.both()[0]
    XCTAssertEqual(forge.refusal(of: forge.token(claims: ["aud": #""app""#])), .malformed)
  }

  func testEveryOtherClaimIsRequiredAndIsText() async throws {
    for forge in try await Forge.both() {
      for claim in ["sub", "sid", "jti"] + (forge.kind == .access ? ["user"] : []) {
        for value in [nil, "null", "1", "[]", "{}"] as [String?] {
          XCTAssertEqual(
            forge.refusal(of: forge.token(claims: [claim: value])), .malformed,
            "\(claim): \(value ?? "missing")")
        }
      }
    }
  }

  func testT22_claimsAreReadOnlyOnceTheSignatureHolds() async throws {
    for forge in try await Forge.both() {
      for payload in ["", "{", "[]", "null", String(repeating: "[", count: 2000)] {
        let input = forge.encodedHeader() + "." + Forge.encode(payload)
        XCTAssertEqual(forge.refusal(of: forge.signed(input)), .malformed, payload)
        XCTAssertEqual(
          forge.refusal(of: forge.signed(input, secret: "another")), .invalidSignature, payload)
      }
    }
  }
}
