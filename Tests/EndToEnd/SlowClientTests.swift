import Foundation
import XCTest

/// slowhttptest, with all its slowness at once, while honest clients ask.
final class SlowClientTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { .init(hasNginxLimit: true) }

  private static let connections = 400
  private static let seconds = 12

  func testX3_Q4_slowHeadersBodiesAndReadersLeaveOthersServed() throws {
    let site = try site
    let token = try site.login("alice").accessToken
    let address = "http://127.0.0.1:\(site.port)"
    let common = [
      "-c", "\(Self.connections)", "-r", "200", "-l", "\(Self.seconds)", "-p", "5", "-v", "1",
    ]
    // Headers, bodies, reading of a page, and ranges that overlap.
    let ways = [
      ["-H", "-i", "2", "-x", "8", "-u", "\(address)/"],
      [
        "-B", "-i", "2", "-s", "8192", "-x", "8", "-f", "application/json", "-u",
        "\(address)/logout",
      ],
      ["-X", "-k", "5", "-n", "2", "-z", "8", "-w", "256", "-y", "512", "-u", "\(address)/app.js"],
      ["-R", "-u", "\(address)/app.js"],
    ]
    let attacks = try ways.map { way in
      try ChildProcess(
        "/usr/bin/slowhttptest", common + way,
        log: "\(site.run)/slowhttptest\(way[0]).log")
    }
    defer { attacks.forEach { $0.stop() } }

    var longest = Duration.zero
    var count = 0
    while attacks.contains(where: \.isRunning) {
      for (call, status) in [
        (HTTPCall.get("/"), 200), (.get("/current-user", bearer: token), 200),
        (.get("/job-list"), 401), (.refresh("x"), 403),
      ] {
        let start = ContinuousClock.now
        let connection = try HTTPConnection(port: site.port, from: 2, timeout: 5)
        XCTAssertEqual(try connection.ask(call).status, status, call.path)
        longest = max(longest, start.duration(to: .now))
        count += 1
      }
      usleep(50_000)
    }
    print("\(count) honest requests during four attacks, the longest \(longest)")
    XCTAssertGreaterThan(count, 40)
    // They came through to nginx at all.
    for attack in attacks.prefix(3) {
      XCTAssertTrue(attack.log.contains("connected:") || attack.log.contains("slow HTTP test"))
    }
    XCTAssertEqual(try site.ask(.get("/")).status, 200)
  }
}
