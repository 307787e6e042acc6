import Foundation
import Postern
import TestSupport
import XCTest

final class BadConfigurationTests: TemporaryFolderTestCase {
  private func refusal(
    _ json: String = "{}", _ environment: [String: String] = [:]
  ) throws -> String? {
    let path = "\(folder)/postern.json"
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    do {
      _ = try PosternConfiguration.load(file: path, environment: environment)
      return nil
    } catch {
      return error.description
    }
  }

  func testM8_wrongTypeAndOutOfRangeNameTheSettingAndNeverItsValue() throws {
    let canary = "canary"
    let cases = [
      ("POSTERN_WORKERS", ["0", "-1", "257", "1.5", "two"], "workers"),
      (
        "POSTERN_STORE",
        [
          "http://:canary@localhost", "files", "redis://:canary@", "redis://:canary@a,b",
          "rediss://:canary@a", "redis+sentinel://:canary@a", "postgres:canary", "file:",
          "file://canary",
        ], "store"
      ),
      ("POSTERN_STORE_REDIS_WAIT_REPLICAS", ["-1", "101", "all"], "store.redis.waitReplicas"),
      ("POSTERN_TOKENS_ACCESS_LIFETIME", ["0", "-900", "x", "1e3"], "tokens.accessLifetime"),
      ("POSTERN_TOKENS_REFRESH_LIFETIME", ["0", "99999999999"], "tokens.refreshLifetime"),
      ("POSTERN_TOKENS_GRACE", ["-1", "3601", "soon"], "tokens.grace"),
      ("POSTERN_SESSIONS_LIFETIME", ["0", "-1"], "sessions.lifetime"),
      ("POSTERN_SESSIONS_LIMIT", ["0", "101", "-5"], "sessions.limit"),
      ("POSTERN_SESSIONS_WHEN_FULL", ["Reset", "evict", "evictOldest"], "sessions.whenFull"),
      ("POSTERN_LOG_LEVEL", ["verbose", "INFO!"], "log.level"),
      ("POSTERN_THROTTLE_ENABLED", ["perhaps", "2"], "throttle.enabled"),
      (
        "POSTERN_CORS_ALLOWED_ORIGINS",
        ["*", "https://a.b/", "https://a.b,c.d", "https://*.a.b", "HTTPS://a.b", "https://"],
        "cors.allowedOrigins"
      ),
      ("POSTERN_TOKENS_ACCESS_SECRET", [""], "tokens.accessSecret"),
      ("POSTERN_TOKENS_REFRESH_SECRET", [""], "tokens.refreshSecret"),
    ]
    for (variable, values, name) in cases {
      for value in values + [canary] {
        let text = try XCTUnwrap(refusal("{}", [variable: value]), "\(variable)=\(value)")
        XCTAssertTrue(text.hasPrefix(name), text)
        XCTAssertFalse(text.contains(canary), text)
      }
    }
  }

  func testM8_wrongTypeInTheFile() throws {
    for (json, name) in [
      (#"{"tokens":{"grace":"canary"}}"#, "tokens.grace"),
      (#"{"tokens":{"grace":true}}"#, "tokens.grace"),
      (#"{"tokens":{"grace":["canary"]}}"#, "tokens.grace"),
      (#"{"workers":"canary"}"#, "workers"), (#"{"workers":0}"#, "workers"),
      (#"{"workers":true}"#, "workers"),
      (#"{"data":1}"#, "data"), (#"{"modules":{"disabled":7}}"#, "modules.disabled"),
      (#"{"throttle":{"enabled":"canary"}}"#, "throttle.enabled"),
      (#"{"log":{"level":1}}"#, "log.level"),
      (#"{"tokens":{"accessSecret":123456}}"#, "tokens.accessSecret"),
      (#"{"tokens":{"audience":["canary"]}}"#, "tokens.audience"),
    ] {
      let text = try XCTUnwrap(refusal(json), json)
      XCTAssertTrue(text.hasPrefix(name), text)
      XCTAssertFalse(text.contains("canary"), text)
    }
  }

  func testM8_unknownNameInTheFileIsRefused() throws {
    for (json, name) in [
      (#"{"token":{"grace":"canary"}}"#, "token.grace"), (#"{"Data":"canary"}"#, "Data"),
      (#"{"tokens":{"accessLifeTime":"canary"}}"#, "tokens.accessLifeTime"),
      (#"{"tokens":{"grace":{"seconds":1}}}"#, "tokens.grace.seconds"),
    ] {
      let text = try XCTUnwrap(refusal(json), json)
      XCTAssertTrue(text.contains("unknown setting: \(name)"), text)
      XCTAssertFalse(text.contains("canary"), text)
    }
  }

  func testM8_fileThatIsNoObjectOfSettings() throws {
    for json in ["", "[]", "null", "1", #""canary""#, "{", #"{"data":null}"#, "\u{0}"] {
      let text = try XCTUnwrap(refusal(json), json)
      XCTAssertTrue(text.hasSuffix("is not a JSON object of settings, each given once"), text)
    }
  }

  func testFileThatWasNamedMustBeThere() {
    XCTAssertThrowsError(
      try PosternConfiguration.load(file: "\(folder)/none.json", environment: [:])
    ) { XCTAssertTrue("\($0)".contains("cannot be read: ")) }
    XCTAssertThrowsError(try PosternConfiguration.load(file: folder, environment: [:]))
  }

  func testM8_accessTokenMustNotOutliveTheRefreshToken() throws {
    let shorter = ["POSTERN_TOKENS_REFRESH_LIFETIME": "899"]
    XCTAssertEqual(
      try refusal("{}", shorter),
      "tokens.accessLifetime must not exceed tokens.refreshLifetime")
    XCTAssertNil(try refusal("{}", ["POSTERN_TOKENS_REFRESH_LIFETIME": "900"]))
  }

  func testM1_weakSecretStopsTheStartAndIsNotShown() {
    for name in ["ACCESS", "REFRESH"] {
      for secret in [
        "canary", String(repeating: "c", count: 40), "canary-31-bytes-canary-canary-x",
        "canary-your-256-bit-secret-canary-your-256-bit-secret",
      ] {
        do {
          _ = try PosternConfiguration.load(
            file: nil, environment: ["POSTERN_TOKENS_\(name)_SECRET": secret])
          XCTFail("started with a weak secret")
        } catch {
          XCTAssertTrue("\(error)".contains("32 bytes"), "\(error)")
          XCTAssertTrue("\(error)".hasPrefix("tokens.\(name.lowercased())Secret"), "\(error)")
          XCTAssertFalse("\(error)".contains(secret), "\(error)")
        }
      }
    }
  }

  func testM7_oneSecretForBothKindsOfTokenStopsTheStartAndIsNotShown() throws {
    let secret = "canary-J06BDt3AeuMay5BZVuAyqMYcjSWLeZMZNJ4waT0c"
    let access = ["POSTERN_TOKENS_ACCESS_SECRET": secret]
    let text = "tokens.accessSecret and tokens.refreshSecret must differ"
    let same = access.merging(["POSTERN_TOKENS_REFRESH_SECRET": secret]) { $1 }
    XCTAssertEqual(try refusal("{}", same), text)
    XCTAssertEqual(try refusal(#"{"tokens":{"refreshSecret":"\#(secret)"}}"#, access), text)
    let other = access.merging(["POSTERN_TOKENS_REFRESH_SECRET": secret + "x"]) { $1 }
    XCTAssertNil(try refusal("{}", other))
  }
}
