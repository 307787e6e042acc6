import Foundation
import XCTest

/// Docs/cookbook/runtime.md: what the program needs, and who runs its commands.
final class RuntimeTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let page = "Docs/cookbook/runtime.md"

  private func output(_ command: String) throws -> String {
    let child = try ChildProcess(
      "/bin/sh", ["-c", command],
      log: NSTemporaryDirectory() + "/runtime-\(UUID().uuidString.prefix(8))", isFresh: true)
    defer { try? FileManager.default.removeItem(atPath: child.logPath) }
    guard try child.waitForEnd() == 0 else { throw Trouble("\(command): \(child.log)") }
    return child.log
  }

  func testEveryLibraryOfTheProgramIsOfAPackageThatThePageNames() throws {
    let named = Set(
      try Repository.lines(of: Self.page, in: "sh").split { " \n".contains($0) }.map(String.init))
    // Those that Debian has no system without.
    let always: Set = ["libc6", "libgcc-s1"]
    let libraries = try output("ldd '\(Repository.program())'").split(separator: "\n")
      .compactMap { $0.split(separator: " ").first { $0.hasPrefix("/") } }
      .filter { ["/lib/", "/usr/lib/", "/lib64/"].contains(where: $0.hasPrefix) }
    XCTAssertGreaterThan(libraries.count, 4)
    for path in libraries {
      let name = path.split(separator: "/").last ?? ""
      let packages = Set(
        try output("dpkg -S '*/\(name)'").split(separator: "\n")
          .compactMap { $0.split(separator: ":").first.map(String.init) })
      XCTAssertFalse(packages.isDisjoint(with: named.union(always)), "\(path) of \(packages)")
    }
  }

  func testF11_M2_aCommandRunsAsTheServicesUserAndNotAsRoot() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can be another user")
    let site = try makeInstallation()
    _ = try output("chown -R nobody '\(site.data)' && chmod 755 '\(site.folder)' '\(site.run)'")
    let line = try Repository.lines(of: Self.page, in: "sh", number: 2)
    let command = try line.replacing([
      "-u postern": "-u nobody", "/var/lib/postern": site.data,
      " postern user": " '\(Repository.program())' user",
    ])
    let asRoot = try site.command(
      ["user", "add", "erin", "--email", "erin@example.com"], input: HTTPCall.goodPassword + "\n")
    XCTAssertNotEqual(asRoot.status, 0)
    XCTAssertTrue(asRoot.output.contains("belongs to another user"), asRoot.output)
    let child = try ChildProcess(
      "/bin/sh", ["-c", command], input: HTTPCall.goodPassword + "\n", log: "\(site.run)/add.log")
    XCTAssertEqual(try child.waitForEnd(), 0, child.log)
    let owners = try output("find '\(site.data)/users' -name 'dana*' -printf '%u\\n'")
    XCTAssertEqual(owners, "nobody\n")
  }
}
