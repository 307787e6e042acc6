import Crypto
import Foundation
import XCTest

/// The commands besides `serve`, and what stops the start.
final class CommandLineTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testVersionIsPrintedAlone() throws {
    let (status, output) = try makeInstallation(.init(hasDemo: false)).command(["--version"])
    XCTAssertEqual(status, 0, output)
    XCTAssertNotNil(output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/), output)
  }

  func testUserAdd_theNewUserCanSignInAndIsListed() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let add = ["user", "add", "dora", "--email", "dora@example.com", "--city", "Port Elm"]
    let (status, output) = try site.command(add + ["--create"], input: HTTPCall.goodPassword + "\n")
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("dora"), output)

    let (_, list) = try site.command(["user", "list"])
    XCTAssertEqual(list.split(separator: "\n").count, 1, list)
    XCTAssertTrue(list.hasPrefix("dora\t") && list.contains("dora@example.com"), list)
    XCTAssertFalse(list.contains("argon2"), list)

    try site.start()
    let signIn = try site.ask(.login("dora", HTTPCall.goodPassword))
    XCTAssertEqual(signIn.status, 200, signIn.text)
    XCTAssertEqual((signIn.json["user"] as? [String: String])?["city"], "Port Elm")
    let jobs = try site.ask(.get("/job-list", bearer: signIn.accessToken))
    XCTAssertEqual(jobs.said, "200 []")
  }

  func testUserAdd_aShortPasswordATakenNameAndABadNameAreRefused() throws {
    let site = try makeInstallation()
    let before = try site.command(["user", "list"]).output
    let refused = [
      ("eve", "short12"), ("eve", ""), ("alice", HTTPCall.goodPassword),
      ("ALICE", HTTPCall.goodPassword),
      ("e ve", HTTPCall.goodPassword), (String(repeating: "e", count: 65), HTTPCall.goodPassword),
    ]
    for (name, password) in refused {
      let (status, output) = try site.command(
        ["user", "add", name, "--email", "x@example.com"], input: password + "\n")
      XCTAssertNotEqual(status, 0, "\(name): \(output)")
      XCTAssertFalse(output.isEmpty, name)
      if !password.isEmpty { XCTAssertFalse(output.contains(password), output) }
    }
    XCTAssertEqual(try site.command(["user", "list"]).output, before)
    try site.start()
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testUserGroups_areSetShownAndTakenAway() throws {
    let site = try makeInstallation()
    func groups(_ arguments: String...) throws -> (status: Int32, output: String) {
      try site.command(["user", "groups"] + arguments)
    }
    XCTAssertEqual(try groups("alice").output, "")
    XCTAssertEqual(try groups("alice", "ops", "web", "ops").status, 0)
    XCTAssertEqual(try groups("ALICE").output, "ops\nweb\n")
    let (_, list) = try site.command(["user", "list"])
    XCTAssertTrue(list.contains("\tops,web\n"), list)
    XCTAssertEqual(try groups("alice", "staff").status, 0)
    XCTAssertEqual(try groups("alice").output, "staff\n")
    let long = (0..<20).map { String(repeating: "g", count: 50) + "\($0)" }
    for refused in [
      ["nobody"], ["nobody", "ops"], ["no body"], ["alice", "a,b"], ["alice", ""],
      ["alice", "--clear", "ops"], ["alice"] + long + long.map { $0 + "x" },
    ] {
      let (status, output) = try site.command(["user", "groups"] + refused)
      XCTAssertNotEqual(status, 0, "\(refused)")
      XCTAssertFalse(output.isEmpty)
    }
    XCTAssertEqual(try groups("alice").output, "staff\n")
    XCTAssertEqual(try groups("alice", "--clear").status, 0)
    XCTAssertEqual(try groups("alice").output, "")
  }

  func testUserAdd_whatIsNoEmailAddressIsRefused() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let long = String(repeating: "e", count: 250) + "@a.bc"
    for email in ["", "nobody", "a@b\nc@d", "a\t@b", long] {
      let (status, output) = try site.command(
        ["user", "add", "dora", "--email", email], input: HTTPCall.goodPassword + "\n")
      XCTAssertNotEqual(status, 0, "\(email): \(output)")
      XCTAssertTrue(output.contains("e-mail"), output)
    }
  }

  func testUserList_aDamagedUserIsNamedAndAllOthersAreListed() throws {
    let site = try makeInstallation()
    let names = try FileManager.default.subpathsOfDirectory(atPath: site.data)
    let bob = try XCTUnwrap(names.first { $0.hasPrefix("users/") && $0.hasSuffix("/bob.json") })
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(site.data)/\(bob)"))
    let (status, output) = try site.command(["user", "list"])
    XCTAssertEqual(status, 1)
    let lines = output.split(separator: "\n")
    XCTAssertEqual(lines.count, 3, output)
    for name in ["alice", "carol"] {
      XCTAssertTrue(lines.contains { $0.hasPrefix("\(name)\t") }, output)
    }
    XCTAssertTrue(lines.contains("user \"bob\" cannot be read: \(bob): cut short"), output)
  }

  func testUpkeep_aDataFolderThatIsNotThereIsRefusedAndNotMade() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    try? FileManager.default.removeItem(atPath: site.data)
    let add = ["user", "add", "dora", "--email", "dora@example.com"]
    for command in [["check"], ["sweep"], ["user", "list"], add] {
      let (status, output) = try site.command(command, input: HTTPCall.goodPassword + "\n")
      XCTAssertNotEqual(status, 0, output)
      XCTAssertTrue(output.contains("There is no data folder"), output)
      XCTAssertFalse(FileManager.default.fileExists(atPath: site.data))
    }
  }

  func testDemo_aFolderThatHoldsAnythingIsLeftAsItIs() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    try site.addUser("dora")
    let before = try FileManager.default.subpathsOfDirectory(atPath: site.data).sorted()
    let (status, output) = try site.command(["demo"])
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(try FileManager.default.subpathsOfDirectory(atPath: site.data).sorted(), before)

    let full = try makeInstallation()
    XCTAssertEqual(try full.command(["demo"]).status, 0)
    XCTAssertEqual(try full.command(["user", "list"]).output.split(separator: "\n").count, 3)
  }

  func testM1_aSecretThatIsShortOrGuessableStopsTheStartAndIsNotPrinted() throws {
    let site = try makeInstallation()
    for name in ["POSTERN_TOKENS_ACCESS_SECRET", "POSTERN_TOKENS_REFRESH_SECRET"] {
      for secret in [
        "only-thirty-one-bytes-are-here!", String(repeating: "q", count: 64),
        "your-256-bit-secret-your-256-bit-secret",
      ] {
        let serve = try site.serve(settings: [name: secret], log: "refused.log")
        defer { serve.stop() }
        let status = try serve.waitForEnd()
        // Refused, not crashed.
        XCTAssertTrue((1..<128).contains(status), "\(status)")
        XCTAssertFalse(serve.log.contains(secret), serve.log)
        XCTAssertTrue(serve.log.contains("32 bytes"), serve.log)
      }
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
  }

  func testM1_tokensAreHS256UnderTheSecretsOfTheEnvironment() throws {
    let access = "yQ7mHI2x8eLbCagNeXuhQkb7d8M4HAL8eYcbFlIk",
      refresh = "DuOJCPi45kAoX3lqfO9AogHCXUk4gSfZBhWPbp4t"
    let site = try makeInstallation(
      .init(settings: [
        "POSTERN_TOKENS_ACCESS_SECRET": access, "POSTERN_TOKENS_REFRESH_SECRET": refresh,
      ]))
    try site.start()
    let signIn = try site.login("alice")
    for (token, secret, type) in [
      (signIn.accessToken, access, "at+jwt"), (signIn.refreshToken, refresh, "rt+jwt"),
    ] {
      let parts = token.split(separator: ".").map(String.init)
      XCTAssertEqual(parts.count, 3)
      let code = HMAC<SHA256>.authenticationCode(
        for: Data("\(parts[0]).\(parts[1])".utf8), using: SymmetricKey(data: Data(secret.utf8)))
      XCTAssertEqual(parts[2], base64URL(Data(code)))
      let header = try XCTUnwrap(object(parts[0]))
      XCTAssertEqual(header["alg"] as? String, "HS256")
      XCTAssertEqual(header["typ"] as? String, type)
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(site.data)/keys.json"))
  }

  func testM8_aSettingThatCannotBeMeantStopsTheStart() throws {
    let site = try makeInstallation()
    let bad = [
      "POSTERN_WORKERS": "0", "POSTERN_TOKENS_GRACE": "-1", "POSTERN_SESSIONS_WHEN_FULL": "maybe",
      "POSTERN_LOG_LEVEL": "loud", "POSTERN_THROTTLE_ENABLED": "perhaps", "POSTERN_STORE": "tape",
    ]
    for (name, value) in bad {
      let serve = try site.serve(settings: [name: value], log: "refused.log")
      XCTAssertNotEqual(try serve.waitForEnd(), 0, name)
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: site.socketPath))
  }

  private func object(_ part: String) -> [String: Any]? {
    var text = part.replacingOccurrences(of: "-", with: "+").replacingOccurrences(
      of: "_", with: "/")
    text += String(repeating: "=", count: (4 - text.count % 4) % 4)
    return Data(base64Encoded: text).flatMap {
      try? JSONSerialization.jsonObject(with: $0) as? [String: Any]
    }
  }

  private func base64URL(_ data: Data) -> String {
    data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
      .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
  }
}
