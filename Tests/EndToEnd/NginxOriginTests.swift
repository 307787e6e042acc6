import XCTest

/// Whether pages of other origins can read what nginx says of requests that Postern never answers.
final class NginxOriginTests: EndToEndTestCase {
  private static let allowed = "https://app.example.com"
  private static let foreign = "https://app.example.com.evil.example"

  override class var setup: Installation.Setup? {
    .init(
      settings: ["POSTERN_CORS_ALLOWED_ORIGINS": "http://localhost:3000, \(allowed)"],
      hasNginxLimit: true, nginxChanges: changes)
  }

  /// One sign-in a minute from one address, and little patience with Postern.
  private static let changes = [
    "rate=10r/s": "rate=1r/m", "zone=passwords burst=50": "zone=passwords",
    "fastcgi_read_timeout 30s": "fastcgi_read_timeout 1s",
  ]

  func testA23_X2_X6_whatNginxRefusesCanBeReadByAllowedOrigins() throws {
    var large = HTTPCall.login("alice")
    large.body = [UInt8](repeating: 32, count: 20_000)
    for call in [large, large.with("Accept", "application/problem+json")] {
      try assertReadable(413, call, on: site)
    }
    try assertReadable(501, .login("alice").with("Transfer-Encoding", "gzip"), on: site)
    try assertReadable(405, HTTPCall("TRACE", "/login"), on: site)
    try assertReadable(400, .get("/job-list").with("Content-Length", "x"), on: site)
  }

  func testA23_X16_thatThereWereTooManyAttemptsCanBeReadByAllowedOrigins() throws {
    let first = try HTTPConnection(port: site.port, from: 30).ask(.login("alice"))
    XCTAssertEqual(first.status, 200)
    try assertReadable(429, .login("alice"), on: site, from: 30)
  }

  func testA23_X8_X9_thatPosternIsSilentOrGoneCanBeReadByAllowedOrigins() throws {
    let site = try makeInstallation(try XCTUnwrap(Self.setup))
    try site.start()
    try site.withStoppedWorkers { try assertReadable(504, .get("/job-list"), on: site) }
    site.postern?.stop()
    try assertReadable(502, .get("/job-list"), on: site)
  }

  func testA23_noOtherOriginPassesForAnAllowedOne() throws {
    let others = [
      "http://app.example.com", "https://app.example.com:444", "https://appXexample.com",
      "https://app.example.com, \(Self.allowed)", "app.example.com", "foreign", "off", "null", "*",
      "",
    ]
    for origin in others {
      let answer = try site.ask(HTTPCall("TRACE", "/login").with("Origin", origin))
      XCTAssertEqual(try shared(by: answer), Shared(vary: ["Origin"]), origin)
    }
  }

  func testA23_whatPosternSaysNginxDoesNotSayAgain() throws {
    for (host, origin) in [(31, Self.allowed), (32, Self.foreign)] as [(UInt32, String)] {
      let connection = try HTTPConnection(port: site.port, from: host)
      let calls: [(Int, HTTPCall)] = [
        (200, .login("alice")), (401, .get("/current-user")), (404, .get("/nothing")),
        (405, .get("/login")), (403, .refresh("x")),
      ]
      for (status, call) in calls {
        let answer = try connection.ask(call.with("Origin", origin))
        XCTAssertEqual(answer.status, status)
        XCTAssertEqual(
          try shared(by: answer), origin == Self.allowed ? .readable : Shared(vary: ["Origin"]),
          "\(status) \(origin)")
      }
    }
  }

  func testA23_pagesAreForTheirOwnOrigin() throws {
    let answer = try site.ask(.get("/style.css").with("Origin", Self.allowed))
    XCTAssertEqual(answer.status, 200)
    XCTAssertEqual(try shared(by: answer), Shared())
  }

  func testA23_withoutOriginsNginxSaysNothingOfThem() throws {
    let site = try makeInstallation(.init(hasNginxLimit: true, nginxChanges: Self.changes))
    try site.start()
    _ = try site.ask(.login("alice"))
    func assertSilent(_ status: Int, _ call: HTTPCall) throws {
      let answer = try site.ask(call.with("Origin", Self.allowed))
      XCTAssertEqual(answer.status, status)
      XCTAssertEqual(try shared(by: answer), Shared(), "\(status)")
    }
    try assertSilent(429, .login("alice"))
    try assertSilent(405, HTTPCall("TRACE", "/login"))
    try assertSilent(401, .get("/current-user"))
    site.postern?.stop()
    try assertSilent(502, .get("/job-list"))
  }

  // MARK: - Steps

  /// What an answer says of who may read it, each header as often as it was sent.
  private struct Shared: Equatable {
    var origin: [String] = []
    var headers: [String] = []
    var vary: [String] = []

    static let readable = Shared(
      origin: [allowed], headers: ["Retry-After, WWW-Authenticate, X-Request-Id"],
      vary: ["Origin"])
  }

  private func shared(by answer: HTTPAnswer) throws -> Shared {
    XCTAssertEqual(answer.values(of: "Access-Control-Allow-Credentials"), [])
    return Shared(
      origin: answer.values(of: "Access-Control-Allow-Origin"),
      headers: answer.values(of: "Access-Control-Expose-Headers"),
      vary: answer.values(of: "Vary"))
  }

  private func assertReadable(
    _ status: Int, _ call: HTTPCall, on site: Installation, from host: UInt32 = 1,
    line: UInt = #line
  ) throws {
    for origin in [Self.allowed, Self.foreign, nil] {
      let call = origin.map { call.with("Origin", $0) } ?? call
      let answer = try HTTPConnection(port: site.port, from: host).ask(call)
      XCTAssertEqual(answer.status, status, line: line)
      XCTAssertEqual(
        try shared(by: answer), origin == Self.allowed ? .readable : Shared(vary: ["Origin"]),
        "\(status) \(origin ?? "no origin")", line: line)
    }
  }
}
