import Foundation
import TestSupport
import Tokens
import XCTest

final class HeaderTests: XCTestCase {
  func testT10_keyInTheHeaderIsNeverUsed() async throws {
    let own = "a secret that the attacker has chosen"
    let key = #"{"kty":"oct","k":"\#(Forge.encode(own))"}"#
    let headers: [[String: String?]] = [
      ["jwk": key], ["jwk": key, "kid": nil], ["jku": #""https://evil.example/jwks""#],
      ["x5u": #""file:///etc/passwd""#], ["x5c": #"["MIIB"]"#],
    ]
    for forge in try await Forge.both() {
      for header in headers {
        let input = forge.encodedHeader(header) + "." + forge.encodedClaims()
        XCTAssertEqual(forge.refusal(of: forge.signed(input, secret: own)), .invalidSignature)
        XCTAssertNotNil(forge.refusal(of: forge.signed(input)), "\(header)")
      }
    }
  }

  func testT10_unknownKeyIDIsABadSignature() async throws {
    let ids = [
      #""other""#, #""""#, #""../../dev/null""#, #""|sleep 10""#, #""' UNION SELECT '1""#,
      "null", "0", "[]", #""???>>>\u0000""#, #"" ???>>>""#,
    ]
    for forge in try await Forge.both() {
      for id in ids {
        XCTAssertEqual(
          forge.refusal(of: forge.token(header: ["kid": id])), .invalidSignature, id)
      }
      XCTAssertEqual(
        forge.refusal(of: forge.token(header: ["kid": nil])), .invalidSignature)
      let long = String(repeating: "k", count: 1 << 20)
      XCTAssertEqual(
        forge.refusal(of: forge.token(header: ["kid": #""\#(long)""#])), .malformed)
    }
  }

  func testT11_headersThatChangeTheMeaningAreRefused() async throws {
    let headers: [[String: String]] = [
      ["crit": #"["exp"]"#], ["crit": "[]"], ["b64": "false"], ["b64": "true"],
      ["zip": #""DEF""#], ["cty": #""JWT""#], ["jwk": "{}"], ["foo": "null"],
      ["crit": #"["b64"]"#, "b64": "false"],
    ]
    for forge in try await Forge.both() {
      for header in headers {
        XCTAssertEqual(forge.refusal(of: forge.token(header: header)), .malformed, "\(header)")
      }
    }
  }

  func testT11_typeMustBeExactlyTheKinds() async throws {
    let types = [
      #""JWT""#, #""jwt""#, #""AT+JWT""#, #""RT+JWT""#, #""""#, "null", "1", #"["at+jwt"]"#,
    ]
    for forge in try await Forge.both() {
      for type in types {
        XCTAssertEqual(forge.refusal(of: forge.token(header: ["typ": type])), .malformed, type)
      }
      XCTAssertEqual(forge.refusal(of: forge.token(header: ["typ": nil])), .malformed)
    }
  }

  func testT22_deepJSONInTheHeaderIsRefused() async throws {
    for forge in try await Forge.both() {
      for depth in [10, 180, 300, 100_000] {
        for header in [
          String(repeating: "[", count: depth),
          String(repeating: #"{"a":"#, count: depth),
          #"{"alg":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            + "}",
        ] {
          let token = forge.signed(Forge.encode(header) + "." + forge.encodedClaims())
          XCTAssertNotNil(forge.refusal(of: token))
        }
      }
    }
  }

  func testT22_Q10_aTokenWithTwoReadingsIsMalformedHoweverWellSigned() async throws {
    for forge in try await Forge.both() {
      let typ = forge.kind == .access ? "at+jwt" : "rt+jwt"
      let rest = #""kid":"???>>>","typ":"\#(typ)""#
      for header in [
        #"{"alg":"none","alg":"HS256",\#(rest)}"#, #"{"alg":"HS256","alg":"HS256",\#(rest)}"#,
        #"{"alg":"HS256",\#(rest),}"#, #"{"alg":"HS256","\u0061lg":"none",\#(rest)}"#,
      ] {
        let token = forge.signed(Forge.encode(header) + "." + forge.encodedClaims())
        XCTAssertEqual(forge.refusal(of: token), .malformed, header)
      }
      let good = Data(base64Encoded: padded(forge.encodedClaims())).map {
        String(decoding: $0.dropLast(), as: UTF8.self)
      }
      let claims = try XCTUnwrap(good)
      for (ending, refusal) in [
        ("}", nil), (",}", .malformed), (#","exp":1900000000}"#, .malformed),
        (#","exp":1}"#, .malformed), (#","x":{"y":1,"y":1}}"#, .malformed),
      ] as [(String, TokenError?)] {
        let token = forge.signed(forge.encodedHeader() + "." + Forge.encode(claims + ending))
        XCTAssertEqual(forge.refusal(of: token), refusal, ending)
      }
    }
  }

  private func padded(_ base64URL: String) -> String {
    let text = base64URL.replacingOccurrences(of: "-", with: "+")
      .replacingOccurrences(of: "_", with: "/")
    return text + String(repeating: "=", count: (4 - text.count % 4) % 4)
  }

  func testHeaderThatIsNoJSONObjectIsMalformed() async throws {
    for forge in try await Forge.both() {
      for header in ["", "null", "[]", #""HS256""#, "{", "{}{}", "\u{FEFF}", "alg=HS256"] {
        let token = forge.signed(Forge.encode(header) + "." + forge.encodedClaims())
        XCTAssertEqual(forge.refusal(of: token), .malformed, header)
      }
    }
  }
}
