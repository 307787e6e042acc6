import Foundation
import XCTest

/// What Apache and lighttpd do each in their own way: Docs/servers.md says so.
final class WebServerTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testC8_apacheKeepsAccessTokensToItselfUnlessItIsToldOtherwise() throws {
    for door in [Door.apacheProxy, .apacheWorkers, .apacheCGI] {
      let site = try makeInstallation(
        .init(door: door, doorChanges: ["CGIPassAuth On": "CGIPassAuth Off"]))
      try site.start()
      let token = try site.login("alice").accessToken
      let answer = try site.ask(.get("/job-list", bearer: token))
      XCTAssertEqual(answer.said, "401 Token is invalid", "\(door)")
      site.stop()
    }
  }

  func testH4_workersThatAWebServerStartedEndWithIt() throws {
    for door in [Door.apacheWorkers, .lighttpdWorkers] {
      let site = try makeInstallation(.init(door: door))
      try site.start()
      XCTAssertEqual(try site.ask(.login("alice")).status, 200)
      let workers = site.processes
      XCTAssertFalse(workers.isEmpty, "\(door)")
      site.stop()
      XCTAssertTrue(eventually(within: 15) { site.processes.isEmpty }, "\(door)")
    }
  }

  func testH1_aWorkerThatAWebServerStartedAndThatDiesIsReplaced() throws {
    for door in [Door.apacheWorkers, .lighttpdWorkers] {
      let site = try makeInstallation(.init(door: door))
      try site.start()
      let token = try site.login("alice").refreshToken
      for worker in site.processes { kill(worker, SIGKILL) }
      let isBack = try eventually(within: 20) { try site.ask(.get("/current-user")).status == 401 }
      XCTAssertTrue(isBack, "\(door)\n\(site.logs)")
      XCTAssertEqual(try site.ask(.refresh(token)).status, 200, "\(door)")
    }
  }

  func testV3_workersOfDifferentServersShareOneStore() throws {
    let site = try makeInstallation(.init(door: .lighttpdWorkers))
    try site.start()
    let other = try ChildProcess(
      Repository.program(), ["serve"], environment: site.environment, log: "\(site.run)/serve.log")
    defer { other.stop() }
    XCTAssertTrue(
      eventually(within: 20) { FileManager.default.fileExists(atPath: site.socketPath) })
    let port = try freePort()
    let nginx = try site.runNginx(site.nginxConfiguration(port: port))
    defer { nginx.stop() }
    var token = try site.login("alice").refreshToken
    for round in 1...5 {
      let body = #"{"refreshToken":"\#(token)"}"#
      var both: [String] = []
      let one = try site.ask(.refresh(token))
      both.append(one.refreshToken)
      _ = eventually(within: 10) {
        let two = try? Curl(
          "http://127.0.0.1:\(port)/refresh-token", Curl.json(body), folder: site.run)
        guard two?.status == 200 else { return false }
        both.append(two?.json["refreshToken"] as? String ?? "")
        return true
      }
      XCTAssertEqual(both.count, 2, "round \(round)")
      XCTAssertEqual(Set(both).count, 1, "round \(round)")
      token = one.refreshToken
    }
  }
}
