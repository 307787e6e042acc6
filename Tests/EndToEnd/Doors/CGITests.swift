import Foundation
import XCTest

/// `postern` started for one request, without a web server: RFC 3875 by hand.
final class CGITests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  /// One with keys, which a request does not make.
  private func installation(_ setup: Installation.Setup = .init()) throws -> Installation {
    let site = try makeInstallation(setup)
    try site.makeKeys()
    return site
  }

  /// What a web server would set, and what it sets besides.
  private func variables(
    _ uri: String, _ method: String = "GET", length: Int? = nil
  ) -> [String: String] {
    var variables = [
      "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": method, "REQUEST_URI": uri,
      "SCRIPT_NAME": "", "PATH_INFO": uri, "REMOTE_ADDR": "127.0.0.1", "SERVER_PORT": "80",
      "CONTENT_TYPE": "application/json",
    ]
    if let length { variables["CONTENT_LENGTH"] = "\(length)" }
    return variables
  }

  private func run(
    _ site: Installation, _ variables: [String: String], body: String = "",
    arguments: [String] = []
  ) throws -> (status: Int32, output: String) {
    try site.command(arguments, input: body, settings: variables, isAnswer: true)
  }

  private func login(
    _ site: Installation, _ more: [String: String] = [:], arguments: [String] = []
  ) throws -> String {
    let body = String(decoding: HTTPCall.login("alice").body, as: UTF8.self)
    let variables = variables("/login", "POST", length: body.utf8.count).merging(more) { $1 }
    return try run(site, variables, body: body, arguments: arguments).output
  }

  func testH17_theEnvironmentAsksForCGIAndNoArgumentDoesAnythingElse() throws {
    let site = try installation()
    for arguments in [
      [], ["cgi"], ["--help"], ["worker"], ["config"], ["user", "disable", "alice"],
      ["--generate-completion-script", "bash"], ["\u{FF}", "--config", "/dev/null"],
    ] {
      let answer = try login(site, arguments: arguments)
      XCTAssertTrue(answer.contains("Status: 200 OK\r\n"), "\(arguments): \(answer)")
    }
  }

  func testH17_withoutARequestThereIsNoCGI() throws {
    let site = try installation()
    let body = String(decoding: HTTPCall.login("alice").body, as: UTF8.self)
    var variables = variables("/login", "POST", length: body.utf8.count)
    variables["GATEWAY_INTERFACE"] = nil
    for arguments in [["worker"], ["cgi"]] {
      let (status, output) = try run(site, variables, body: body, arguments: arguments)
      XCTAssertEqual(status, 78, output)
      XCTAssertFalse(output.contains("Status:"), output)
    }
    let (status, output) = try run(site, variables, body: body)
    XCTAssertFalse(output.contains("Status:"), output)
    XCTAssertEqual(status, 0, "a bare postern is its help")
  }

  func testH17_aListeningSocketIsServedWhateverTheEnvironmentSays() throws {
    let site = try installation()
    let worker = try ChildProcess(
      "/usr/bin/spawn-fcgi",
      ["-n", "-s", site.socketPath, "-M", "0660", "--", Repository.program(), "worker"],
      environment: site.environment.merging(variables("/verify")) { $1 },
      log: "\(site.run)/postern.log")
    defer { worker.stop() }
    XCTAssertTrue(
      eventually(within: 20) { FileManager.default.fileExists(atPath: site.socketPath) })
    try site.startNginx()
    for _ in 0..<3 { XCTAssertEqual(try site.ask(.login("alice")).status, 200) }
  }

  func testM3_secretsAreNotTakenFromAnEnvironmentThatOtherProgramsHave() throws {
    let site = try installation()
    let secret = "yQ7mHI2x8eLbCagNeXuhQkb7d8M4HAL8eYcbFlIk"
    let answer = try login(site, ["POSTERN_TOKENS_ACCESS_SECRET": secret])
    XCTAssertTrue(answer.contains("Status: 500 Internal Server Error\r\n"), answer)
    XCTAssertTrue(answer.contains("\r\n\r\nSomething went wrong"), answer)
    XCTAssertTrue(answer.contains("POSTERN_TOKENS_ACCESS_SECRET must not come by CGI"), answer)
    XCTAssertFalse(answer.contains(secret))
  }

  func testM2_keysThatOthersCanReadAreNotUsed() throws {
    let site = try installation()
    chmod("\(site.data)/keys.json", 0o644)
    let answer = try login(site)
    XCTAssertTrue(answer.contains("Status: 500 Internal Server Error\r\n"), answer)
    XCTAssertTrue(answer.contains("only its owner may read"), answer)
  }

  func testM8_settingsThatCannotBeUsedAndRelativeFoldersAre500() throws {
    let site = try installation()
    for settings in [
      ["POSTERN_TOKENS_GRACE": "-1"], ["POSTERN_DATA": "data"], ["POSTERN_DATA": ""],
      ["POSTERN_MODULES_DISABLED": "none"], ["POSTERN_DATA": "\(site.folder)/none"],
    ] {
      let answer = try login(site, settings)
      XCTAssertTrue(answer.contains("Status: 500 Internal"), "\(settings): \(answer)")
      for part in ["X-Request-Id: ", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"] {
        XCTAssertTrue(answer.contains("\r\n\(part)"), part)
      }
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(site.folder)/none"))
    // Where commands run here, "data" would be in the run folder.
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(site.run)/data"))
  }

  func testM8_aSettingsFileInTheWorkingFolderIsNotRead() throws {
    let site = try installation()
    try #"{"modules":{"disabled":["login"]}}"#.write(
      toFile: "\(site.run)/postern.json", atomically: true, encoding: .utf8)
    chmod("\(site.run)/postern.json", 0o600)
    XCTAssertTrue(try login(site).contains("Status: 200 OK\r\n"))
  }

  func testM5_aRequestMakesNoKeys() throws {
    let site = try installation()
    try FileManager.default.removeItem(atPath: "\(site.data)/keys.json")
    let answer = try login(site)
    XCTAssertTrue(answer.contains("Status: 500 Internal"), answer)
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(site.data)/keys.json"))
  }

  func testC7_headersAreNeverSettings() throws {
    let site = try installation()
    let answer = try login(
      site,
      [
        "HTTP_POSTERN_DATA": "/nowhere", "HTTP_PROXY": "http://evil.example",
        "HTTP_POSTERN_MODULES_DISABLED": "login", "HTTP_GATEWAY_INTERFACE": "x",
        "QUERY_STRING": "POSTERN_DATA=/nowhere", "HTTP_REQUEST_ID": "forged",
      ])
    XCTAssertTrue(answer.contains("Status: 200 OK\r\n"), answer)
    XCTAssertFalse(answer.contains("forged"), answer)
  }

  func testOwnership_whatARequestWritesIsForItsUserAlone() throws {
    let site = try installation(.init(umask: "000"))
    XCTAssertTrue(try login(site).contains("Status: 200 OK\r\n"))
    let all = FileManager.default.enumerator(atPath: site.data)
    var count = 0
    while let name = all?.nextObject() as? String {
      var status = stat()
      XCTAssertEqual(lstat("\(site.data)/\(name)", &status), 0)
      XCTAssertEqual(status.st_mode & 0o077, 0, name)
      count += 1
    }
    XCTAssertGreaterThan(count, 10)
  }

  func testA4_aBodyThatEndsEarlyChangesNothing() throws {
    let site = try installation()
    let answer = try run(
      site, variables("/login", "POST", length: 500),
      body: String(decoding: HTTPCall.login("alice").body, as: UTF8.self))
    XCTAssertTrue(answer.output.contains("Status: 400 Bad Request\r\n"), answer.output)
  }

  func testA2_withoutAMethodOrAPathTheRequestIsBad() throws {
    let site = try installation()
    for missing in ["REQUEST_METHOD", "REQUEST_URI"] {
      var variables = variables("/verify")
      variables[missing] = nil
      let answer = try run(site, variables).output
      XCTAssertTrue(answer.contains("Status: 400 Bad Request\r\n"), "\(missing): \(answer)")
    }
  }

  func testN9_aProcessOfOneRequestHasNoMetrics() throws {
    let site = try installation()
    let answer = try run(site, variables("/metrics")).output
    XCTAssertTrue(answer.contains("Status: 404 Not Found\r\n"), answer)
    let health = try run(site, variables("/healthz")).output
    XCTAssertTrue(health.contains("Status: 200 OK\r\n"), health)
  }
}
