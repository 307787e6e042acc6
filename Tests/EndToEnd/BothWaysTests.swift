import Crypto
import Foundation
import TestSupport
import XCTest

/// Bodies, credentials and tokens that no client of ours sends: through nginx and past it the answer
/// is the same, and it is no success.
final class BothWaysTests: EndToEndTestCase {
  private static let secret = "ijyQaQlYCUFIajRquZTK1HXpDDMJS46eByjLoGznHVs="

  override class var setup: Installation.Setup? {
    .init(settings: ["POSTERN_TOKENS_ACCESS_SECRET": secret])
  }

  private func assertSaid(
    _ expected: String, _ call: HTTPCall, _ message: String, line: UInt = #line
  ) throws {
    let said = try BothWays(site: site).ask(call)
    XCTAssertEqual(said, [expected, expected], message, line: line)
  }

  // MARK: - Bodies

  private static let invalid = "400 Please enter valid data!"

  private func login(_ body: [UInt8], type: String = "application/json") -> HTTPCall {
    var call = HTTPCall("POST", "/login").with("Content-Type", type)
    call.body = body
    return call
  }

  func testB4_B8_B9_B10_B11_B17_bodiesThatAreNoSignInAreOneAnswer() throws {
    let deep = [("[", 16_000), (#"{"a":"#, 3_000), (#"{"username":["#, 1_200)].map {
      String(repeating: $0, count: $1)
    }
    let values = [
      "1", "true", "null", "[]", "{}", "1e999", "-0", "9223372036854775808", "1.0", #""""#,
      #"["alice"]"#, #""\ud800""#, String(repeating: "9", count: 15_000),
    ]
    let wrong = values.flatMap {
      [#"{"username":\#($0),"password":"x"}"#, #"{"username":"alice","password":\#($0)}"#]
    }
    let whole = #"{"username":"alice","password":"postern-demo"}"#
    let texts =
      deep + wrong
      + [
        "", " ", "\n", "null", "[]", #""""#, "0", whole + whole, whole + "x", whole + "\u{0}",
        "[\(whole)]", "\u{FEFF}\(whole)", String(whole.dropLast()), whole.replacing(":", with: "="),
        "{\"\(String(repeating: "k", count: 16_000))\":1}", "{'username':'alice'}",
      ]
    for text in texts {
      try assertSaid(Self.invalid, login(Array(text.utf8)), "\(text.prefix(60))")
    }
    let name = Array(#"{"username":""#.utf8)
    let rest = Array(#"","password":"x"}"#.utf8)
    for bytes in [
      [0xC0, 0xAF], [0xFF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
    ] as [[UInt8]] { try assertSaid(Self.invalid, login(name + bytes + rest), "\(bytes)") }
    for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf32, .utf32BigEndian] {
      let data = try XCTUnwrap(whole.data(using: encoding))
      try assertSaid(Self.invalid, login([UInt8](data)), "\(encoding)")
    }
    // A NUL cuts nothing: there is no such user, and no such password.
    for text in [
      #"{"username":"alice\u0000","password":"postern-demo"}"#,
      #"{"username":"alice","password":"postern-demo\u0000"}"#,
    ] {
      try assertSaid("400 Username or password is wrong!", login(Array(text.utf8)), text)
    }
    // As many keys as fit are read, and what nobody asks for is ignored (B7).
    let keys = (0..<1_200).map { #""k\#($0)":1"# }.joined(separator: ",")
    let both = try BothWays(site: site).ask(login(Array("{\(keys),\(whole.dropFirst())".utf8)))
    XCTAssertEqual(both.map { $0.prefix(4) }, ["200 ", "200 "])
  }

  func testB7_B12_B13_B14_typesEncodingsAndLengthsAreLookedAtFirst() throws {
    let body = Array(#"{"username":"alice","password":"postern-demo","extra":{"a":[1]}}"#.utf8)
    for type in ["application/json", "application/json;charset=UTF-8", "Application/JSON"] {
      let said = try BothWays(site: site).ask(login(body, type: type))
      XCTAssertEqual(said.map { $0.prefix(4) }, ["200 ", "200 "], type)
    }
    for type in [
      "", "text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x",
      "application/jsonp", "application/json, text/plain", "application/problem+json",
    ] {
      let said = try BothWays(site: site).ask(login(body, type: type))
      XCTAssertEqual(said.map { $0.prefix(4) }, ["415 ", "415 "], type)
    }
    for encoding in ["gzip", "br", "deflate", "x"] {
      let call = login(body).with("Content-Encoding", encoding)
      XCTAssertEqual(
        try BothWays(site: site).ask(call).map { $0.prefix(4) }, ["415 ", "415 "], encoding)
    }
    let padding = 16 * 1024 - body.count
    let largest = body + [UInt8](repeating: 32, count: padding)
    XCTAssertEqual(
      try BothWays(site: site).ask(login(largest)).map { $0.prefix(4) }, ["200 ", "200 "])
    try assertSaid("413 The request is too large", login(largest + [32]), "one byte more")
  }

  // MARK: - Credentials

  func testC1_C3_C5_C7_onlyOneTokenBehindBearerAdmits() throws {
    let token = try site.login("alice").accessToken
    let other = try site.login("bob").accessToken
    let good = try BothWays(site: site).ask(
      HTTPCall.get("/current-user").with("Authorization", "bEARER \(token)"))
    XCTAssertEqual(good.map { $0.prefix(4) }, ["200 ", "200 "])
    let refused = "401 Token is invalid"
    for value in [
      "", "Bearer", "Bearer ", "Bearer  \(token)", "Bearer\t\(token)", "Bearer \(token), \(other)",
      "Bearer \(token) \(other)", "Basic \(token)", "Token \(token)", "Basic YWxpY2U6eA==",
      "Bearer \"\(token)\"", "Bearer \(token.replacing(".", with: "%2E"))",
      "Bearer \(token.replacing(".", with: "。"))", "Bearer é", "Bearer=\(token)", token,
    ] {
      try assertSaid(
        refused, HTTPCall.get("/current-user").with("Authorization", value), value)
    }
    try assertSaid(refused, .get("/current-user?access_token=\(token)"), "query")
    for name in [
      "Cookie", "X-Access-Token", "X-Forwarded-User", "Remote-User", "X-User-Id",
      "X-Original-URL", "X-Rewrite-URL", "X-Auth-User-Id", "X-HTTP-Method-Override",
    ] {
      for value in [token, "Bearer \(token)", "alice", "access_token=\(token)"] {
        try assertSaid(refused, HTTPCall.get("/current-user").with(name, value), name)
      }
      // Nor does it change who the token's own person is.
      let call = HTTPCall.get("/current-user", bearer: token).with(name, "bob")
      for said in try BothWays(site: site).ask(call) {
        XCTAssertTrue(said.contains(#""username":"alice""#), "\(name): \(said)")
      }
    }
  }

  func testC4_longTokensAreRefusedByBoth() throws {
    let head = try site.login("alice").accessToken.split(separator: ".")[0]
    for size in [5_000, 7_000] {
      let token = "\(head).\(String(repeating: "A", count: size)).AAAA"
      try assertSaid("401 Token is invalid", .get("/current-user", bearer: token), "\(size)")
    }
    // Past nginx.
    for size in [32_000, 64_000, 1 << 20] {
      let client = try FastCGIClient(path: site.socketPath)
      let value = "Bearer \(head).\(String(repeating: "A", count: size)).AAAA"
      var bytes = FastCGIRecord.begin().bytes
      let pairs = FastCGIRecord.pairs([
        ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/current-user"), ("REMOTE_ADDR", "192.0.2.1"),
        ("CONTENT_LENGTH", ""), ("REQUEST_ID", "r1"), ("HTTP_AUTHORIZATION", value),
      ])
      for start in stride(from: 0, to: pairs.count, by: 32_768) {
        bytes += FastCGIRecord(.parameters, Array(pairs[start...].prefix(32_768))).bytes
      }
      client.send(
        bytes + FastCGIRecord(.parameters).bytes + FastCGIRecord(.standardInput).bytes)
      // Closed unread, or refused.
      if let reply = try? client.reply() {
        XCTAssertTrue([401, 431].contains(reply.status), "\(size): \(reply.status)")
      }
      XCTAssertEqual(try site.ask(.get("/current-user")).status, 401)
    }
  }

  func testC6_oneKindOfTokenIsNotTheOther() throws {
    let signedIn = try site.login("alice")
    try assertSaid(
      "401 Token is invalid", .get("/current-user", bearer: signedIn.refreshToken), "refresh")
    let said = try BothWays(site: site).ask(.refresh(signedIn.accessToken))
    XCTAssertEqual(said.map { $0.prefix(4) }, ["403 ", "403 "])
  }

  // MARK: - Tokens

  /// The parts of a good token, to be changed and signed anew.
  private struct Parts {
    var header: [String: Any]
    var claims: [String: Any]

    init(_ token: String) throws {
      let parts = try token.split(separator: ".").prefix(2).map { part -> [String: Any] in
        let text = String(part).replacing("-", with: "+").replacing("_", with: "/")
        let padded = text + String(repeating: "=", count: (4 - text.count % 4) % 4)
        let data = try XCTUnwrap(Data(base64Encoded: padded))
        return try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
      }
      (header, claims) = (parts[0], parts[1])
    }

    func with(header name: String, _ value: Any?) -> Parts {
      var other = self
      other.header[name] = value
      return other
    }

    func with(_ name: String, _ value: Any?) -> Parts {
      var other = self
      other.claims[name] = value
      return other
    }

    func signed(secret: String = BothWaysTests.secret) throws -> String {
      let input = try [header, claims].map {
        Forge.encode(try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys))
      }.joined(separator: ".")
      let code = HMAC<SHA256>.authenticationCode(
        for: Data(input.utf8), using: SymmetricKey(data: Data(secret.utf8)))
      return "\(input).\(Forge.encode(Data(code)))"
    }
  }

  /// Asks with each token, and expects one of the texts of a bad one.
  private func assertRefused(
    _ tokens: [(String, String)], line: UInt = #line
  ) throws {
    for (name, token) in tokens {
      let said = try BothWays(site: site).ask(.get("/current-user", bearer: token))
      XCTAssertEqual(said[0], said[1], name, line: line)
      XCTAssertTrue(
        ["401 Token is invalid", "401 invalid signature", "401 jwt expired"].contains(said[0]),
        "\(name): \(said[0])", line: line)
    }
  }

  private func good() throws -> (parts: Parts, token: String) {
    let token = try site.login("alice").accessToken
    let parts = try Parts(token)
    // That what is signed here is good where nothing is changed.
    let said = try BothWays(site: site).ask(.get("/current-user", bearer: try parts.signed()))
    XCTAssertEqual(said.map { $0.prefix(4) }, ["200 ", "200 "])
    return (parts, token)
  }

  func testT6_T7_T8_T9_T10_T11_headersAndSignaturesThatAreNotOurs() throws {
    let (parts, token) = try good()
    let input = token.split(separator: ".").dropLast().joined(separator: ".")
    var tokens: [(String, String)] = []
    for name in [
      "none", "None", "NONE", "nOnE", "", "HS256 ", "hs256", "HS384", "RS256", "ES256", "Ed25519",
      256, ["HS256"], NSNull(),
    ] as [Any] {
      let changed = try parts.with(header: "alg", name).signed()
      tokens.append(("alg \(name)", changed))
      tokens.append(
        (
          "alg \(name), unsigned",
          changed.split(separator: ".").prefix(2).joined(separator: ".") + "."
        ))
    }
    tokens.append(("no alg", try parts.with(header: "alg", nil).signed()))
    for secret in ["", "secret", parts.header["kid"] as? String ?? ""] {
      tokens.append(("secret \(secret)", try parts.signed(secret: secret)))
    }
    for size in [0, 1, 32, 64] {
      tokens.append(("\(size) zeros", "\(input).\(Forge.encode(Data(count: size)))"))
    }
    for name in ["jwk", "jku", "x5u", "x5c"] {
      tokens.append((name, try parts.with(header: name, "http://127.0.0.1:9/key").signed()))
    }
    for id in ["../../dev/null", "|sleep 10", "' UNION SELECT '1", "x"] {
      tokens.append(("kid \(id)", try parts.with(header: "kid", id).signed()))
    }
    for (name, value) in [
      ("crit", ["exp"]), ("b64", false), ("zip", "DEF"), ("typ", "JWT"), ("typ", "rt+jwt"),
      ("typ", "AT+JWT"), ("typ", NSNull()), ("cty", "JWT"),
    ] as [(String, Any)] {
      tokens.append(("\(name) \(value)", try parts.with(header: name, value).signed()))
    }
    try assertRefused(tokens)
  }

  func testT12_T13_T22_spellingsOfAGoodToken() throws {
    let (parts, token) = try good()
    let three = token.split(separator: ".").map(String.init)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    // 43 characters for 32 bytes: of the last one, two bits do not count.
    let last = try XCTUnwrap(token.last.flatMap(alphabet.firstIndex(of:)))
    let others = (1...3).map { "\(token.dropLast())\(alphabet[last ^ $0])" }
    let deep = Forge.encode(String(repeating: "[", count: 2_000))
    let twice = Forge.encode(#"{"alg":"none","alg":"HS256","typ":"at+jwt"}"#)
    try assertRefused(
      [
        ("one part", three[0]), ("two parts", "\(three[0]).\(three[1])"),
        ("four parts", "\(token).\(three[2])"), ("five parts", "\(token)..\(three[2])"),
        ("leading dot", ".\(token)"), ("trailing dot", "\(token)."), ("dots", ".."),
        ("JSON", #"{"payload":"\#(three[1])","signature":"\#(three[2])"}"#),
        ("padded", "\(token)="), ("padded header", "\(three[0])=.\(three[1]).\(three[2])"),
        ("deep header", "\(deep).\(three[1]).\(three[2])"),
        ("alg twice", "\(twice).\(three[1]).\(three[2])"),
        ("deep claims", "\(three[0]).\(deep).\(three[2])"),
      ] + others.map { ("unused bits", $0) })
    XCTAssertNoThrow(try parts.signed())
  }

  func testT15_T16_T17_T18_claimsThatAreWellSignedAndWrong() throws {
    let (parts, _) = try good()
    let now = Int(Date().timeIntervalSince1970)
    let changes: [(String, Any?)] = [
      ("exp", nil), ("exp", now - 1), ("exp", "9999999999"), ("exp", Double(now) + 60.5),
      ("exp", 1e30), ("exp", -1), ("exp", NSNull()), ("exp", "NaN"), ("exp", now + 3_153_600_000),
      ("iat", now + 60), ("iat", 0), ("iat", nil), ("iat", "\(now)"), ("nbf", now + 60),
      ("nbf", now + 3_600), ("iss", nil), ("iss", "other"), ("iss", ["postern"]),
      ("iss", "Postern"),
      ("aud", "app"), ("aud", ["postern"]), ("sub", nil), ("sub", "../users/alice"), ("sub", ""),
      ("sub", "alice\u{0}"), ("sub", String(repeating: "x", count: 1_500)), ("sub", "nobody"),
      ("sid", nil), ("sid", "../x"), ("sid", "x"), ("user", nil), ("jti", nil),
    ]
    try assertRefused(
      try changes.map { ("\($0) \(String(describing: $1))", try parts.with($0, $1).signed()) })
  }

  func testT19_tokenOfASessionThatSignedOutIsRefusedAtOnceOnEachWay() throws {
    let signedIn = try site.login("alice")
    XCTAssertEqual(
      try site.ask(.post("/logout", json: ["refreshToken": signedIn.refreshToken])).status, 204)
    for _ in 0..<6 {
      try assertSaid(
        "401 Token is invalid", .get("/current-user", bearer: signedIn.accessToken), "signed out")
    }
  }
}
