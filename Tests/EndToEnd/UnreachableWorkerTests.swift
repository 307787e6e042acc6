import Foundation
import XCTest

/// nginx and a program that it cannot reach, that is too slow, or whose client does not wait.
final class UnreachableWorkerTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private func refresh(_ token: String, _ attempt: String) -> HTTPCall {
    .post("/refresh-token", json: ["refreshToken": token, "attempt": attempt])
  }

  func testX8_aSocketThatCannotBeReachedIs502OnceAndWorksAgainWithoutAReload() throws {
    let isRoot = geteuid() == 0
    let site = try makeInstallation(
      .init(nginxChanges: isRoot ? ["user \(NSUserName());": "user www-data;"] : [:]))
    try site.startPostern()
    // Of nginx's group, as the program is in production.
    let paths = [site.folder, site.run, site.socketPath]
    if isRoot { for path in paths { chown(path, 0, getgrnam("www-data").pointee.gr_gid) } }
    for path in paths.dropLast() { chmod(path, 0o750) }
    try site.startNginx()
    let moved = "\(site.run)/moved.sock"
    let manager = FileManager.default
    let faults: [(String, () throws -> Void, () throws -> Void)] = [
      (
        "mode", { chmod(site.socketPath, 0) },
        { chmod(site.socketPath, 0o660) }
      ),
      (
        "missing", { try manager.moveItem(atPath: site.socketPath, toPath: moved) },
        { try manager.moveItem(atPath: moved, toPath: site.socketPath) }
      ),
      (
        "a file",
        {
          try manager.moveItem(atPath: site.socketPath, toPath: moved)
          try "x".write(toFile: site.socketPath, atomically: false, encoding: .utf8)
        },
        {
          try manager.removeItem(atPath: site.socketPath)
          try manager.moveItem(atPath: moved, toPath: site.socketPath)
        }
      ),
    ]
    for (fault, cause, mend) in faults where isRoot || fault != "mode" {
      // Connections that nginx has kept open would still be good.
      let nginx = try XCTUnwrap(site.nginx)
      let before = Set(ProcessTable.children(of: nginx.id))
      nginx.send(SIGHUP)
      XCTAssertTrue(
        eventually(within: 20) {
          let workers = ProcessTable.children(of: nginx.id)
          return !workers.isEmpty && before.isDisjoint(with: workers)
        }, fault)
      try cause()
      for call in [HTTPCall.get("/job-list"), .login("alice"), .refresh("x")] {
        for accept in ["*/*", "application/problem+json"] {
          let connection = try HTTPConnection(port: site.port)
          try connection.send(call.with("Accept", accept).bytes(keepAlive: false))
          let answer = try connection.receive()
          XCTAssertEqual(answer.status, 502, "\(fault) \(call.path)")
          XCTAssertEqual(answer.values(of: "Retry-After"), ["1"], fault)
          XCTAssertEqual(
            answer["Content-Type"], accept == "*/*" ? "text/plain; charset=utf-8" : accept, fault)
          XCTAssertTrue(try connection.isClosedByPeer(), "\(fault): a second answer")
        }
      }
      XCTAssertEqual(try site.ask(.get("/")).status, 200, "pages need no program")
      try mend()
      XCTAssertEqual(try site.ask(.login("alice")).status, 200, "after \(fault)")
    }
  }

  func testX9_E2_aRefreshThatWasAnsweredTooLateIsAskedAgain() throws {
    let site = try makeInstallation(
      .init(nginxChanges: ["fastcgi_read_timeout 30s": "fastcgi_read_timeout 4s"]))
    try site.start()
    let token = try site.login("alice").refreshToken
    try site.withStoppedWorkers {
      XCTAssertEqual(try site.ask(refresh(token, "attempt-that-took-long")).status, 504)
    }
    let again = try site.ask(refresh(token, "attempt-that-took-long"))
    XCTAssertEqual(again.status, 200, again.text)
    XCTAssertEqual(try site.ask(.refresh(again.refreshToken)).status, 200)
  }

  func testX10_aClientThatGoesAwayLosesNothingAndNothingIsKeptForIt() throws {
    let site = try makeInstallation()
    try site.start()
    var token = try site.login("alice").refreshToken
    for round in 1...5 {
      let call = refresh(token, "attempt-of-round-\(round)")
      try site.withStoppedWorkers {
        let connection = try HTTPConnection(port: site.port)
        try connection.send(call.bytes(keepAlive: false))
        usleep(100_000)
      }
      // Carried out or not: the same attempt has the answer.
      let again = try site.ask(call)
      XCTAssertEqual(again.status, 200, "round \(round): \(again.text)")
      token = again.refreshToken
      // nginx gives its answer to nobody else.
      let others = try site.askAtOnce(Array(repeating: .get("/current-user"), count: 10))
      XCTAssertEqual(Set(others.map(\.status)), [401], "round \(round)")
    }
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
    XCTAssertEqual(try String(contentsOfFile: "\(site.run)/nginx-error.log", encoding: .utf8), "")
  }

  func testX15_noProcessOfPosternListensOnTheNetworkAndNginxOnLoopbackAlone() throws {
    let site = try makeInstallation()
    try site.start()
    let supervisor = try XCTUnwrap(site.postern)
    let listening = try listeningSockets()
    for process in [supervisor.id] + site.workers {
      let sockets = Set(ProcessTable.descriptors(of: process).values)
      XCTAssertFalse(sockets.isEmpty)
      XCTAssertEqual(listening.keys.filter { sockets.contains($0) }, [], "process \(process)")
    }
    let nginx = try XCTUnwrap(site.nginx)
    let sockets = Set(ProcessTable.descriptors(of: nginx.id).values)
    let addresses = listening.filter { sockets.contains($0.key) }.map(\.value)
    XCTAssertEqual(addresses, ["0100007F:\(hexadecimal(site.port))"])
    // What else is on this machine gets no further than the file's mode.
    var status = stat()
    XCTAssertEqual(lstat(site.socketPath, &status), 0)
    XCTAssertEqual(status.st_mode & 0o7777, 0o660)
  }

  private func hexadecimal(_ port: UInt16) -> String {
    let digits = String(port, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }

  /// The addresses of all sockets of TCP and UDP on which somebody listens, by their descriptors'
  /// names (proc(5)).
  private func listeningSockets() throws -> [String: String] {
    var sockets: [String: String] = [:]
    for name in ["tcp", "tcp6", "udp", "udp6"] {
      let text = (try? String(contentsOfFile: "/proc/net/\(name)", encoding: .utf8)) ?? ""
      for line in text.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        guard fields.count > 9, fields[3] == "0A" || name.hasPrefix("udp") else { continue }
        sockets["socket:[\(fields[9])]"] = String(fields[1])
      }
    }
    return sockets
  }
}
