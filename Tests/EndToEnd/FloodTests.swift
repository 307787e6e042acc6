import Glibc
import XCTest

/// One address that opens more connections, or asks for more, than its share.
///
/// One process of nginx has all connections, however many cores there are. Rates are so slow that
/// only the bursts count.
final class FloodTests: EndToEndTestCase {
  override class var setup: Installation.Setup? {
    .init(
      hasNginxLimit: true,
      nginxChanges: [
        "worker_processes auto": "worker_processes 1", "rate=10r/s": "rate=1r/m",
        "rate=50r/s": "rate=1r/m", "rate=100r/s": "rate=1r/m",
      ])
  }

  func testX3_Q4_headersThatNeverEndLeaveOthersServed() throws {
    let flood = try hold(1_200, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", from: 10)
    try assertServed(from: 11)
    XCTAssertTrue(try flood[0].isClosedByPeer())
  }

  func testX3_Q4_bodiesThatNeverEndLeaveOthersServedAndAreOnlySoMany() throws {
    let head = "POST /logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    let flood = try hold(1_200, head + "Content-Length: 10000\r\n\r\n{", from: 12)
    try assertServed(from: 13)
    XCTAssertTrue(eventually(within: 10) { flood.filter(\.isReadable).count >= 800 })
    let refused = try XCTUnwrap(flood.last)
    let answer = try refused.receive()
    XCTAssertEqual(answer.said, "429 Too many attempts, please try again later")
    XCTAssertEqual(answer["Retry-After"], "1")
    // Those that were let in do not last either.
    XCTAssertTrue(try flood[0].isClosedByPeer())
  }

  func testX16_Q4_aCrowdBehindOneAddressRefreshesAtOnceAndALoopDoesNot() throws {
    XCTAssertEqual(try count(200, .refresh("x"), from: 14), [403: 200])
    XCTAssertEqual(try count(300, .refresh("x"), from: 14), [403: 201, 429: 99])
    try assertServed(from: 14)
    XCTAssertEqual(try count(1, .refresh("x"), from: 15), [403: 1])
  }

  func testX16_Q4_changesOfPasswordsCountAsSignIns() throws {
    XCTAssertEqual(try count(60, .post("/password", json: [:]), from: 16), [401: 51, 429: 9])
    XCTAssertEqual(try count(1, .login("alice"), from: 16), [429: 1])
    XCTAssertEqual(try count(60, .get("/password"), from: 16), [200: 60])
    XCTAssertEqual(try count(1, .login("alice"), from: 17), [200: 1])
  }

  func testX16_Q4_unknownPathsAreOnlySoManyInWhateverShape() throws {
    let shapes: [HTTPCall] = [
      .get("/nothing"), .get("/%6cogin"), .get("/nothing.js"), .get("/sessions/a/b"),
      .get("/nothing").with("Sec-Fetch-Mode", "navigate"), .post("/nothing", json: [:]),
    ]
    for (number, call) in shapes.enumerated() {
      let address = 20 + UInt32(number)
      XCTAssertEqual(try count(210, call, from: address), [404: 201, 429: 9], "\(call)")
      try assertServed(from: address)
    }
    for path in ["/app.js", "/sessions", "/sessions/x", "/job-list?a", "/sign-in?next=/"] {
      XCTAssertNil(try count(210, .get(path), from: 20)[429], path)
    }
  }

  /// What ten tabs ask for when a browser with them starts, at the rates that are shipped.
  func testX16_aBrowserWithTenTabsIsNeverTurnedAway() throws {
    let site = try makeInstallation(.init(hasNginxLimit: true))
    try site.start()
    let login = try site.login("alice")
    let files = try FileManager.default.subpathsOfDirectory(
      atPath: "\(Repository.folder)/Public"
    ).filter { path in [".js", ".css", ".svg", ".html"].contains(where: path.hasSuffix) }
    XCTAssertGreaterThan(files.count, 10)
    let calls =
      [HTTPCall.get("/"), .get("/profile"), .get("/devices")] + files.map { .get("/\($0)") }
      + ["/current-user", "/job-list", "/sessions"].map { .get($0, bearer: login.accessToken) }
      + [.refresh(login.refreshToken), .get("/favicon.ico"), .get("/robots.txt")]
    for _ in 0..<3 {
      for call in calls {
        let statuses = try site.askAtOnce(Array(repeating: call, count: 10)).map(\.status)
        XCTAssertFalse(statuses.contains(429), "\(call.path): \(statuses)")
      }
    }
    let tabs = try site.askAtOnce((0..<10).flatMap { _ in calls }).map(\.status)
    XCTAssertEqual(tabs.filter { $0 == 429 || $0 >= 500 }, [])
    let signIns = try site.askAtOnce(Array(repeating: .login("bob"), count: 10)).map(\.status)
    XCTAssertFalse(signIns.contains(429), "\(signIns)")
  }

  /// A customer of a provider holds a whole IPv6 network.
  func testX7_Q4_anIPv6NetworkCountsAsOneAndEachIPv4AddressAsItself() throws {
    let site = try makeInstallation(
      .init(
        hasNginxLimit: true,
        nginxChanges: [
          "rate=10r/s": "rate=1r/m",
          "location / {": """
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Client;
          location / {
          """,
        ]))
    try site.start()
    func statuses(_ address: (Int) -> String) throws -> Set<Int> {
      let connection = try HTTPConnection(port: site.port)
      return Set(
        try (0..<60).map {
          try connection.ask(.post("/login", json: [:]).with("X-Client", address($0))).status
        })
    }
    XCTAssertEqual(try statuses { "2001:db8::\($0)" }, [400, 429])
    XCTAssertEqual(try statuses { "2001:db8:0:\($0 + 1)::1" }, [400])
    XCTAssertEqual(try statuses { "::ffff:192.0.2.\($0)" }, [400])
    XCTAssertEqual(try statuses { "198.51.100.\($0)" }, [400])
  }

  // MARK: - Steps

  /// Opens connections that each send the beginning of a request and then nothing.
  private func hold(
    _ count: Int, _ beginning: String, from host: UInt32
  ) throws -> [HTTPConnection] {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    try XCTSkipIf(limit.rlim_max < 4_096, "only \(limit.rlim_max) files may be open")
    limit.rlim_cur = max(limit.rlim_cur, 4_096)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let port = try site.port
    return try (0..<count).map { _ in
      let connection = try HTTPConnection(port: port, from: host, timeout: 15)
      try connection.send(beginning.utf8)
      return connection
    }
  }

  private func assertServed(from host: UInt32, line: UInt = #line) throws {
    for (path, status) in [("/", 200), ("/style.css", 200), ("/current-user", 401)] {
      for _ in 0..<5 {
        let connection = try HTTPConnection(port: try site.port, from: host, timeout: 5)
        XCTAssertEqual(try connection.ask(.get(path)).status, status, path, line: line)
      }
    }
  }

  /// Asks one after the other; returns how often there was which status.
  private func count(
    _ times: Int, _ call: HTTPCall, from host: UInt32
  ) throws -> [Int: Int] {
    let connection = try HTTPConnection(port: try site.port, from: host)
    let statuses = try (0..<times).map { _ in try connection.ask(call).status }
    return Dictionary(grouping: statuses) { $0 }.mapValues(\.count)
  }
}
