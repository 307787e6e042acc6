import Foundation
import XCTest

/// What nginx says of errors that Postern never hears of: the same in form as what Postern says.
final class NginxErrorTests: EndToEndTestCase {
  func testX1_X6_A22_errorsOfNginxHaveTheFormOfPosterns() throws {
    let long = String(repeating: "x", count: 9_000)
    let badRequest = Problem(400, "bad_request", "Bad Request", "Bad request")
    let notAllowed = Problem(405, "method_not_allowed", "Method Not Allowed", "Method not allowed")
    let cases: [(line: String, header: String, Problem)] = [
      ("GET /", "X-Long: \(long)", badRequest),
      ("GET /", "Host: two", badRequest),
      ("GET /", "Host: a/b", badRequest),
      ("POST /login", "Content-Length: x", badRequest),
      ("POST /login", "Content-Length: 1\r\nTransfer-Encoding: chunked", badRequest),
      ("TRACE /login", "X: y", notAllowed),
      ("TRACE /style.css", "X: y", notAllowed),
      ("CONNECT /", "X: y", notAllowed),
      (
        "GET /style.css", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
        Problem(412, "precondition_failed", "Precondition Failed", "The file has changed")
      ),
      (
        "POST /login", "Content-Length: 20000",
        Problem(413, "content_too_large", "Content Too Large", "The request is too large")
      ),
      (
        "POST /login", "Transfer-Encoding: gzip",
        Problem(501, "not_implemented", "Not Implemented", "Not implemented")
      ),
      ("GET /unreadable", "X: y", Problem(404, "not_found", "Not Found", "Not found")),
    ]
    for (line, header, problem) in cases {
      for accept in ["*/*", Self.problemDetails] {
        let answer = try answer(
          "\(line) HTTP/1.1\r\nHost: x\r\nAccept: \(accept)\r\n\(header)\r\n\r\n")
        assert(answer, problem, accept: accept, "\(line) \(header.prefix(40))")
        XCTAssertEqual(
          answer["Allow"], problem == notAllowed ? "DELETE, GET, HEAD, OPTIONS, POST" : nil)
      }
    }
  }

  /// Nothing behind the first line has been read, so nobody knows what the client accepts.
  func testX1_A22_errorsOfUnreadableRequestLinesArePlainText() throws {
    let rest = "Host: x\r\nAccept: \(Self.problemDetails)\r\n\r\n"
    let cases: [(String, Problem)] = [
      (
        "GET /\(String(repeating: "x", count: 9_000)) HTTP/1.1\r\n",
        Problem(414, "uri_too_long", "URI Too Long", "The address is too long")
      ),
      ("GET /.. HTTP/1.1\r\n", Problem(400, "bad_request", "Bad Request", "Bad request")),
      ("GET /%00 HTTP/1.1\r\n", Problem(400, "bad_request", "Bad Request", "Bad request")),
      ("\u{16}\u{3}\u{1}garbage\r\n", Problem(400, "bad_request", "Bad Request", "Bad request")),
      (
        "GET / HTTP/3.0\r\n",
        Problem(
          505, "http_version_not_supported", "HTTP Version Not Supported",
          "HTTP version not supported")
      ),
    ]
    for (line, problem) in cases {
      assert(try answer(line + rest), problem, accept: "*/*", "\(line.prefix(40))")
    }
  }

  func testPage_aPartOfAFileIsTheWholeFile() throws {
    let whole = try site.ask(.get("/style.css"))
    for range in ["bytes=0-9", "bytes=9999999-"] {
      XCTAssertEqual(try site.ask(.get("/style.css").with("Range", range)).said, whole.said)
    }
  }

  func testX6_aBrokenBodyIsABadRequestInEveryForm() throws {
    let problem = Problem(400, "bad_request", "Bad Request", "Bad request")
    for mode in ["cors", "navigate"] {
      for accept in ["*/*", Self.problemDetails] {
        let answer = try answer(
          "GET /nothing HTTP/1.1\r\nHost: x\r\nAccept: \(accept)\r\nSec-Fetch-Mode: \(mode)\r\n"
            + "Transfer-Encoding: chunked\r\n\r\nno size\r\n")
        assert(answer, problem, accept: accept, mode)
      }
    }
  }

  func testX2_nginxAndPosternSayTheSame() throws {
    let open = try makeInstallation(
      .init(nginxChanges: ["client_max_body_size 16k": "client_max_body_size 0"]))
    try open.start()
    for accept in ["*/*", "text/html, Application/Problem+JSON;q=0.5", "application/problem+jsonx"]
    {
      var call = HTTPCall.login("alice").with("Accept", accept)
      call.body = [UInt8](repeating: 32, count: 20_000)
      let (first, second) = (try site.ask(call), try open.ask(call))
      XCTAssertEqual(first.said, second.said)
      for name in ["Content-Type", "Cache-Control", "X-Content-Type-Options"] {
        XCTAssertEqual(first.values(of: name), second.values(of: name), name)
      }
    }
  }

  func testX8_X9_whilePosternIsSilentOrGoneClientsAreToldToTryAgain() throws {
    let site = try makeInstallation(
      .init(nginxChanges: ["fastcgi_read_timeout 30s": "fastcgi_read_timeout 1s"]))
    try site.start()
    let detail = "The service is unavailable for the moment"
    func assertUnavailable(_ status: Int, _ title: String) throws {
      for mode in ["cors", "navigate"] {
        for accept in ["*/*", Self.problemDetails] {
          let answer = try site.ask(
            .get("/job-list").with("Accept", accept).with("Sec-Fetch-Mode", mode))
          let problem = Problem(status, "unavailable", title, detail)
          assert(answer, problem, accept: accept, mode)
          XCTAssertEqual(answer.values(of: "Retry-After"), ["1"])
        }
      }
    }
    try site.withStoppedWorkers { try assertUnavailable(504, "Gateway Timeout") }
    site.postern?.stop()
    try assertUnavailable(502, "Bad Gateway")
  }

  func testPage_aMistypedAddressIsThePageForABrowserWithAllHeaders() throws {
    let answer = try site.ask(.get("/nothing-here").with("Sec-Fetch-Mode", "navigate"))
    XCTAssertEqual(answer.status, 404)
    XCTAssertEqual(answer["Content-Type"], "text/html; charset=utf-8")
    XCTAssertEqual(answer.values(of: "X-Content-Type-Options"), ["nosniff"])
    XCTAssertEqual(answer.values(of: "X-Request-Id").count, 1)
    XCTAssertEqual(answer.values(of: "Cache-Control"), ["no-store"])
  }

  // MARK: - Steps

  private static let problemDetails = "application/problem+json"

  private struct Problem: Equatable {
    let status: Int
    let code: String
    let title: String
    let detail: String

    init(_ status: Int, _ code: String, _ title: String, _ detail: String) {
      (self.status, self.code, self.title, self.detail) = (status, code, title, detail)
    }

    var json: String {
      #"{"code":"\#(code)","detail":"\#(detail)","status":\#(status),"title":"\#(title)","#
        + #""type":"about:blank"}"#
    }
  }

  private func answer(_ request: String) throws -> HTTPAnswer {
    let connection = try HTTPConnection(port: site.port)
    try connection.send(request.utf8)
    return try connection.receive()
  }

  private func assert(
    _ answer: HTTPAnswer, _ problem: Problem, accept: String, _ message: String,
    line: UInt = #line
  ) {
    let isProblem = accept == Self.problemDetails
    XCTAssertEqual(answer.status, problem.status, message, line: line)
    XCTAssertEqual(answer.text, isProblem ? problem.json : problem.detail, message, line: line)
    XCTAssertEqual(
      answer.values(of: "Content-Type"),
      [isProblem ? Self.problemDetails : "text/plain; charset=utf-8"], message, line: line)
    for (name, value) in [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")] {
      XCTAssertEqual(answer.values(of: name), [value], message, line: line)
    }
    XCTAssertEqual(answer.values(of: "X-Request-Id").map(\.count), [32], message, line: line)
  }
}
