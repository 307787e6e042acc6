import TestSupport
import XCTest

/// The accounts that `postern demo` makes warn, and let nobody in from elsewhere (OWASP ASVS 5, 6.3.2).
final class DemoAccountTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func log(of site: Installation) throws -> String {
    try String(contentsOfFile: "\(site.run)/postern.log", encoding: .utf8)
  }

  func testQ14_theirPasswordIsRefusedFromElsewhereAndTheLogSaysSo() throws {
    let site = try makeInstallation()
    try site.start()
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
    func signIn(from address: String, _ name: String) throws -> FastCGIReply {
      let client = try FastCGIClient(path: site.socketPath)
      let body = HTTPCall.login(name, HTTPCall.demoPassword).body
      client.send(
        FastCGIClient.head(
          "POST", "/login", length: body.count, parameters: [("CONTENT_TYPE", "application/json")],
          keep: false, from: address)
          + FastCGIRecord(.standardInput, body).bytes + FastCGIRecord(.standardInput).bytes)
      return try client.reply()
    }
    XCTAssertEqual(try signIn(from: "::1", "alice").status, 200)
    let refusal = "the demo's password is good on this machine alone"
    XCTAssertFalse(try log(of: site).contains(refusal))
    for name in ["alice", "nobody"] {
      let reply = try signIn(from: "203.0.113.9", name)
      XCTAssertEqual(reply.status, 400)
      XCTAssertEqual(reply.text, "Username or password is wrong!")
    }
    let lines = try log(of: site).split(separator: "\n").filter { $0.contains(refusal) }
    XCTAssertEqual(lines.count, 2, "alike for every name")
    XCTAssertTrue(lines[0].contains(" warning ") && lines[0].contains("address=203.0.113.9"))
  }

  func testQ14_theStartWarnsOfThemForAsLongAsTheyHaveTheirPassword() throws {
    let site = try makeInstallation()
    func warning() throws -> String? {
      try site.start()
      defer { site.stop() }
      let lines = try log(of: site).split(separator: "\n")
        .filter { $0.contains("demo accounts have the password") }
      return lines.last.map(String.init)
    }
    XCTAssertEqual(try warning()?.hasSuffix("accounts=alice,bob,carol"), true)
    XCTAssertEqual(try site.command(["user", "disable", "bob"]).status, 0)
    try site.start()
    let change = HTTPCall.post(
      "/password",
      json: ["currentPassword": HTTPCall.demoPassword, "newPassword": HTTPCall.goodPassword]
    ).with("Authorization", "Bearer \(try site.login("alice").accessToken)")
    XCTAssertEqual(try site.ask(change).status, 204)
    site.stop()
    XCTAssertEqual(try warning()?.hasSuffix("accounts=carol"), true)

    let own = try makeInstallation(.init(hasDemo: false))
    try own.addUser("alice")
    try own.start()
    XCTAssertFalse(try log(of: own).contains("demo"))
  }
}
