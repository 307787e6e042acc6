import Foundation
import XCTest

/// nginx gets another configuration or another program, and no request notices.
final class NginxReloadTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testX12_tenReloadsOfNginxUnderLoadFailNoRequest() throws {
    let site = try makeInstallation()
    try site.start()
    let nginx = try XCTUnwrap(site.nginx)
    let load = try Load(site)
    for round in 1...10 {
      let before = Set(ProcessTable.children(of: nginx.id))
      nginx.send(SIGHUP)
      XCTAssertTrue(
        eventually(within: 20) { !before.isSubset(of: ProcessTable.children(of: nginx.id)) },
        "reload \(round)")
    }
    try assertNoneFailed(load, site)
  }

  func testX12_anUpgradeOfNginxUnderLoadFailsNoRequest() throws {
    let site = try makeInstallation()
    try site.start()
    // In the foreground nginx takes no signal to upgrade.
    site.nginx?.stop()
    // Foundation does not notice its end: the daemon holds on to what it would notice it by.
    _ = try ChildProcess(
      Repository.nginx(), ["-e", "\(site.run)/nginx-error.log", "-c", "\(site.run)/nginx.conf"],
      log: "\(site.run)/nginx.log")
    let pidFile = "\(site.run)/nginx.pid"
    defer { if let master = pid(in: pidFile) { kill(master, SIGKILL) } }
    XCTAssertTrue(
      eventually(within: 20) { (try? site.ask(.get("/current-user")).status) == 401 }, site.logs)

    let load = try Load(site)
    for round in 1...3 {
      let old = try XCTUnwrap(pid(in: pidFile))
      kill(old, SIGUSR2)
      XCTAssertTrue(
        eventually(within: 20) { pid(in: pidFile).map { $0 != old } ?? false },
        "upgrade \(round)\n\(site.logs)")
      let new = try XCTUnwrap(pid(in: pidFile))
      XCTAssertTrue(
        eventually(within: 20) { ProcessTable.children(of: new).count > 0 }, "upgrade \(round)")
      kill(old, SIGQUIT)
      XCTAssertTrue(
        eventually(within: 20) { [nil, "Z"].contains(ProcessTable.state(of: old)) },
        "upgrade \(round)")
    }
    try assertNoneFailed(load, site)
    let master = try XCTUnwrap(pid(in: pidFile))
    kill(master, SIGTERM)
    XCTAssertTrue(
      eventually(within: 20) { [nil, "Z"].contains(ProcessTable.state(of: master)) })
  }

  private func assertNoneFailed(_ load: Load, _ site: Installation, line: UInt = #line) throws {
    XCTAssertTrue(eventually(within: 20) { load.count > 500 }, line: line)
    let result = load.finish()
    print("\(name): \(result)")
    XCTAssertEqual(Set(result.keys), ["200", "204"], site.logs, line: line)
  }

  private func pid(in file: String) -> pid_t? {
    (try? String(contentsOfFile: file, encoding: .utf8)).flatMap {
      pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}
