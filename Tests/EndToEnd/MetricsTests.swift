import Foundation
import XCTest

/// `/metrics` and `/healthz` of a real service.
final class MetricsTests: EndToEndTestCase {
  private func metrics(_ site: Installation) throws -> String {
    let answer = try site.ask(.get("/metrics"))
    XCTAssertEqual(answer.status, 200, answer.text)
    XCTAssertEqual(answer["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
    return answer.text
  }

  private func value(_ series: String, _ site: Installation) throws -> Double {
    let line = try metrics(site).split(separator: "\n").first { $0.hasPrefix(series + " ") }
    return line.flatMap { Double($0.dropFirst(series.count + 1)) } ?? 0
  }

  func testPromtoolFindsNothingWrongAndEachMetricOfTheTableIsThere() throws {
    _ = try site.login("alice")
    let text = try metrics(site)
    let (status, output) = try runProgram(
      ["promtool", "check", "metrics"], input: text, in: site.run)
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(output, "")

    let page = try String(contentsOfFile: "\(Repository.folder)/Docs/metrics.md", encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `postern_") }
    let documented = Set(
      rows.map { row in
        let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        return "# TYPE \(cells[0].trimmingCharacters(in: ["`"])) \(cells[1])"
      })
    XCTAssertGreaterThan(documented.count, 10)
    let served = Set(text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("# TYPE") })
    XCTAssertEqual(served, documented)
  }

  func testFiguresAreTheSumOverAllWorkersAndStayThroughADeathAndAReload() throws {
    let site = try makeInstallation()
    try site.start()
    let series = #"postern_http_requests_total{route="/job-list",status="401"}"#
    for _ in 0..<60 { XCTAssertEqual(try site.ask(.get("/job-list")).status, 401) }
    XCTAssertEqual(try value(series, site), 60)

    let before = site.workers
    kill(try XCTUnwrap(before.first), SIGKILL)
    XCTAssertTrue(
      eventually(within: 10) { site.workers.count == before.count && site.workers != before })
    XCTAssertEqual(try value(series, site), 60)
    XCTAssertEqual(try value(#"postern_worker_restarts_total{reason="failed"}"#, site), 1)

    XCTAssertEqual(try site.command(["reload"]).status, 0)
    XCTAssertTrue(
      eventually(within: 20) {
        (try? value(#"postern_reloads_total{outcome="done"}"#, site)) == 1
      }, site.logs)
    _ = try site.ask(.get("/job-list"))
    XCTAssertEqual(try value(series, site), 61)
    XCTAssertTrue(
      try eventually(within: 20) {
        try value(#"postern_workers{state="ready"}"#, site) == Double(Installation.workerCount)
      })
  }

  func testOutcomesOfSignInsRefreshesAndGuardedRequestsAreCounted() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").refreshToken
    _ = try site.ask(.login("alice", "wrong"))
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
    _ = try site.ask(.refresh("x"))
    _ = try site.ask(.get("/verify", bearer: "x"))
    for event in [
      "login.succeeded", "login.failed", "refresh.rotated", "refresh.replayed", "refresh.refused",
      "verify.refused",
    ] {
      XCTAssertEqual(
        try value("postern_security_events_total{event=\"\(event)\"}", site), 1, event)
    }
    XCTAssertGreaterThan(try value("postern_store_commit_seconds_count", site), 1)
    XCTAssertGreaterThan(try value("postern_store_lock_wait_seconds_count", site), 1)
    XCTAssertEqual(try value("postern_password_hash_wait_seconds_count", site), 2)
    XCTAssertGreaterThan(try value("postern_connections", site), 0)
    // The thread that makes the answer.
    XCTAssertEqual(try value(#"postern_threads{state="busy"}"#, site), 1)
  }

  func testN9_onlyThisMachineIsLetInAndToOthersThereIsNoSuchPath() throws {
    for path in ["/metrics", "/healthz"] {
      XCTAssertEqual(try site.ask(.get(path)).status, 200)
      for way in [path, path + "?x", "/%6d" + path.dropFirst(2), "/" + path, path + "/"] {
        let (status, output) = try runProgram(
          [
            "curl", "-s", "--path-as-is", "--interface", "127.0.0.2", "-w", "%{http_code}",
            "http://127.0.0.1:\(site.port)\(way)",
          ], in: site.run)
        XCTAssertEqual(status, 0, output)
        XCTAssertTrue(output.hasSuffix("404"), "\(way): \(output)")
        XCTAssertFalse(output.contains("postern_"), way)
      }
    }
  }

  func testN1_N9_metricsHoldNothingOfAnyUserAndNothingThatStrangersWrote() throws {
    let canary = "canary\(UUID().uuidString.prefix(8))"
    _ = try site.ask(.login(canary, canary))
    _ = try site.ask(.get("/\(canary)?\(canary)").with("User-Agent", canary))
    _ = try site.ask(HTTPCall(canary.uppercased(), "/login"))
    let answer = try site.login("alice")
    let user = try XCTUnwrap((answer.json["user"] as? [String: Any])?["id"] as? String)
    let text = try metrics(site)
    for needle in [canary, canary.uppercased(), "alice", user, "127.0.0.1"] {
      XCTAssertFalse(text.contains(needle), needle)
    }
  }

  func testHealthIs503WithAReasonWhereTheStoreIsGone() throws {
    let site = try makeInstallation()
    try site.start()
    XCTAssertEqual(try site.ask(.get("/healthz")).said, "200 ok")
    try FileManager.default.moveItem(atPath: site.data, toPath: site.data + "-away")
    XCTAssertTrue(
      try eventually(within: 10) {
        try site.ask(.get("/healthz")).said == "503 store_unavailable"
      })
  }

  func testAWorkerWithoutASupervisorCountsForItself() throws {
    let site = try makeInstallation()
    let socket = "\(site.run)/alone.sock"
    let spawn = try ChildProcess(
      "/usr/bin/env",
      [
        "python3", "-c",
        """
        import os, socket, sys
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[1])
        listener.listen(8)
        os.dup2(listener.fileno(), 0)
        os.set_inheritable(0, True)
        os.execv(sys.argv[2], [sys.argv[2], "worker"])
        """, socket, Repository.program(),
      ], environment: site.environment, log: "\(site.run)/alone.log")
    defer { spawn.stop() }
    let client = """
      import socket, struct, sys
      def record(kind, data): return struct.pack(">BBHHBx", 1, kind, 1, len(data), 0) + data
      def pair(name, value): return bytes([len(name), len(value)]) + name + value
      s = socket.socket(socket.AF_UNIX)
      s.connect(sys.argv[1])
      params = pair(b"REQUEST_METHOD", b"GET") + pair(b"REQUEST_URI", b"/metrics")
      s.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"") + record(5, b""))
      data = b""
      while True:
          part = s.recv(65536)
          if not part: break
          data += part
      print(data.decode("utf-8", "replace"))
      """
    var output = ""
    XCTAssertTrue(
      try eventually(within: 20) {
        output = try runProgram(["python3", "-c", client, socket], in: site.run).output
        return output.contains("postern_workers")
      }, "\(output)\n\(spawn.log)")
    XCTAssertTrue(output.contains(#"postern_workers{state="ready"} 1"#), output)
  }
}
